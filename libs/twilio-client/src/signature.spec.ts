import { createHash } from 'node:crypto';
import { validateRequest, validateRequestWithBody } from 'twilio/lib/webhooks/webhooks';
import { type SignedRequest, formOf, isSigned, signatureOf, withBodyHash } from './signature';

const TOKEN = '12345';
const FORM = { CallSid: 'CA1234567890ABCDE', Caller: '+14158675309', Digits: '1234', From: '+14158675309', To: '+18005551212' };
const FORM_URL = 'https://example.com/myapp.php?foo=1&bar=2';
const JSON_URL = 'https://example.com/webhook?bodySHA256=d5729c000e5de6b3a10698fec78d482db85d744f1be820d1382b6bda1cfb7795';
const JSON_BODY = Buffer.from('{"property":"value","boolean":true}');
const form = (values: Record<string, string | string[]> = FORM): SignedRequest['body'] => ({ kind: 'form', form: values });
const bytes = (body = JSON_BODY): SignedRequest['body'] => ({ kind: 'bytes', bytes: body });
const NONE: SignedRequest['body'] = { kind: 'none' };

// The vectors of the official client.
const VECTORS = [
  ['a form', FORM_URL, form(), '9pyy2ZSJda9ihJ1NNXPXtY4oV2Y='],
  ['a form at a URL with its port', 'https://example.com:443/myapp.php?foo=1&bar=2', form(), 'RI/YEK1Byf/0gOCIohQ9GVKzzdg='],
  ['a JSON body', JSON_URL, bytes(), 'u+ywGTlDeBu7yhYo3mjsCtcVWL0='],
  ['a GET', 'https://example.com/a?x=1', NONE, 'hbCg3egxuG5Xg/QE2VeX0LpVNAQ='],
] as const;

describe.each(VECTORS)('the signature of %s', (_, url, body, signature) => {
  it('is made', () => expect(signatureOf(TOKEN, url, body.kind === 'form' ? body.form : {})).toBe(signature));
  it('is believed', () => expect(isSigned({ url, signature, body }, [TOKEN])).toBe(true));
  it('is believed under any current token', () => expect(isSigned({ url, signature, body }, ['first', TOKEN])).toBe(true));
  it('is not believed under another token', () => expect(isSigned({ url, signature, body }, ['54321'])).toBe(false));
  it('is not believed without a token', () => expect(isSigned({ url, signature, body }, [])).toBe(false));
  it('is not believed for another path', () => expect(isSigned({ url: url.replace('example.com', 'example.org'), signature, body }, [TOKEN])).toBe(false));
  it('is not believed when it is missing or cut', () =>
    expect([undefined, '', signature.slice(1), `${signature}=`].map((each) => isSigned({ url, signature: each, body }, [TOKEN]))).toEqual([false, false, false, false]));
});

describe('what a receiver must accept', () => {
  const signature = '9pyy2ZSJda9ihJ1NNXPXtY4oV2Y=';
  const withPort = 'RI/YEK1Byf/0gOCIohQ9GVKzzdg=';
  const portUrl = FORM_URL.replace('example.com', 'example.com:443');

  it('the signature of the URL without port, though we know it with one', () => expect(isSigned({ url: portUrl, signature, body: form() }, [TOKEN])).toBe(true));
  it('the signature of the URL with port, though we know it without', () => expect(isSigned({ url: FORM_URL, signature: withPort, body: form() }, [TOKEN])).toBe(true));
  it('a query with characters that a URL parser would encode, as received', () => {
    const url = "https://example.com/a?q=it's|fine";
    expect(isSigned({ url, signature: signatureOf(TOKEN, url), body: NONE }, [TOKEN])).toBe(true);
  });
  it('a signature over the query as the legacy encoder writes it', () => {
    const signed = signatureOf(TOKEN, 'https://example.com/a?q=it%27s');
    expect(isSigned({ url: "https://example.com/a?q=it's", signature: signed, body: NONE }, [TOKEN])).toBe(true);
  });
  it('repeated parameters, in any order', () => {
    const signed = signatureOf(TOKEN, FORM_URL, { MediaUrl: ['b', 'a', 'b'] });
    expect(isSigned({ url: FORM_URL, signature: signed, body: form({ MediaUrl: ['a', 'b'] }) }, [TOKEN])).toBe(true);
  });
});

describe('what a receiver must refuse', () => {
  const signature = '9pyy2ZSJda9ihJ1NNXPXtY4oV2Y=';
  it.each([
    ['a changed value', { ...FORM, Digits: '1235' }],
    ['another parameter', { ...FORM, Extra: '1' }],
    ['a missing parameter', { CallSid: FORM.CallSid }],
  ])('a form with %s', (_, values) => expect(isSigned({ url: FORM_URL, signature, body: form(values) }, [TOKEN])).toBe(false));

  it('an altered JSON body', () => {
    const altered = bytes(Buffer.from('{"property":"value","boolean":false}'));
    expect(isSigned({ url: JSON_URL, signature: 'u+ywGTlDeBu7yhYo3mjsCtcVWL0=', body: altered }, [TOKEN])).toBe(false);
  });
  it('a JSON body whose URL carries no hash, though the URL is signed', () => {
    const url = 'https://example.com/webhook';
    expect(isSigned({ url, signature: signatureOf(TOKEN, url), body: bytes() }, [TOKEN])).toBe(false);
  });
  it('a hash that was put into the URL after signing', () => {
    const url = `https://example.com/webhook?bodySHA256=${createHash('sha256').update('{}').digest('hex')}`;
    expect(isSigned({ url, signature: signatureOf(TOKEN, 'https://example.com/webhook'), body: bytes(Buffer.from('{}')) }, [TOKEN])).toBe(false);
  });
  it('a URL that is none', () => expect(isSigned({ url: 'nonsense', signature, body: NONE }, [TOKEN])).toBe(false));
});

describe('what we sign', () => {
  it('is believed by the official validator: a form with repeated names', () => {
    const sent = formOf([['a', '1'], ['b', 'x y'], ['a', '0']]);
    expect(sent).toEqual({ a: ['1', '0'], b: ['x y'] });
    expect(validateRequest(TOKEN, signatureOf(TOKEN, 'https://example.com/f', sent), 'https://example.com/f', sent)).toBe(true);
  });
  it.each(['https://example.com/hook', 'https://example.com/hook?a=1&b=%20'])('is believed by the official validator: JSON to %s', (target) => {
    const url = withBodyHash(new URL(target), '{"ü":1}').href;
    expect(url.startsWith(target)).toBe(true);
    expect(validateRequestWithBody(TOKEN, signatureOf(TOKEN, url), url, '{"ü":1}')).toBe(true);
    expect(validateRequestWithBody(TOKEN, signatureOf(TOKEN, url), url, '{"ü":2}')).toBe(false);
  });
});
