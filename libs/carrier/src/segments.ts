// The GSM 03.38 alphabet; the second row takes two places each.
const GSM = new Set('@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà');
const GSM_ESCAPED = new Set('\f^{}\\[~]|€');

/** How many text messages a body needs: 160 GSM places or 70 UTF-16 units in one, 153 or 67 each in several. */
export const segmentsOf = (body: string): number => {
  let places = 0;
  for (const character of body) {
    if (GSM.has(character)) places += 1;
    else if (GSM_ESCAPED.has(character)) places += 2;
    else return parts(body.length, 70, 67);
  }
  return parts(places, 160, 153);
};

const parts = (length: number, one: number, each: number): number => (length <= one ? 1 : Math.ceil(length / each));
