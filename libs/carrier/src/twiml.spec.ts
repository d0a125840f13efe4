import { verbsOf } from './twiml';

const message = (body: string, more = {}) => ({ verb: 'Message', body, media: [], ...more });
const redirect = (url: string, method = 'POST') => ({ verb: 'Redirect', url, method });

describe('TwiML of a message webhook', () => {
  it.each([
    ['', []],
    ['  \n', []],
    ['<Response/>', []],
    ['<?xml version="1.0" encoding="UTF-8"?>\n<!-- c -->\n<Response></Response>', []],
    ['<Response><Message>a</Message></Response>', [message('a')]],
    ['<Response>\n  <Message>\n    a b\n  </Message>\n</Response>', [message('a b')]],
    ['<Response><Message><![CDATA[<b>&amp;]]></Message></Response>', [message('<b>&amp;')]],
    ['<Response><Message>1 &lt; 2 &amp;&#33;&#x1F642; &amp;#33;</Message></Response>', [message('1 < 2 &!🙂 &#33;')]],
    ['<Response><Message>007</Message></Response>', [message('007')]],
    ['<Response><Message><Body>true</Body><Media>https://e.com/1</Media><Media> https://e.com/2 </Media></Message></Response>', [message('true', { media: ['https://e.com/1', 'https://e.com/2'] })]],
    ['<Response><Message to="+1" from="+2" statusCallback="/s">a</Message></Response>', [message('a', { to: '+1', from: '+2', statusCallback: '/s' })]],
    ['<Response><Message action="/old">a</Message></Response>', [message('a', { statusCallback: '/old' })]],
    ['<Response><Sms>old</Sms></Response>', [message('old')]],
    ['<Response><Say>voice</Say><Message>a</Message></Response>', [message('a')]],
    ['<Response><Redirect>https://e.com/?a=1&amp;b=2</Redirect></Response>', [redirect('https://e.com/?a=1&b=2')]],
    ['<Response><Redirect method="get"> /x </Redirect></Response>', [redirect('/x', 'GET')]],
    ['<Response><Message>a</Message><Redirect>/x</Redirect><Message>never</Message></Response>', [message('a'), redirect('/x')]],
  ])('%j', (answer, verbs) => expect(verbsOf('text/xml', answer)).toEqual(verbs));

  it('plain text is one message as it stands', () => expect(verbsOf('text/plain; charset=utf-8', ' <a> ')).toEqual([message(' <a> ')]));
  it.each(['<html/>', '{"a":1}', 'hello', '<response/>'])('%j is none', (answer) => expect(() => verbsOf('text/xml', answer)).toThrow());
});
