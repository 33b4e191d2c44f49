// WhatsApp's marks, links, and what is neither.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoneEmoji, parse, plainText } from '../../../static/js/chat/rich-text.js';

/** A text as it is shown, its marks as tags. */
const shape = (text) =>
  parse(text)
    .map(function show(token) {
      if (token.kind === 'text') return token.text;
      if (token.kind === 'link') return `[${token.text}](${token.href})`;
      const inner = token.kind === 'code' ? token.text : token.children.map(show).join('');
      return `<${token.kind}>${inner}</${token.kind}>`;
    })
    .join('');

test('marks of WhatsApp', () => {
  assert.equal(
    shape('el *48213* y _ya_ ~no~'),
    'el <strong>48213</strong> y <em>ya</em> <s>no</s>',
  );
  assert.equal(shape('*muy _muy_ bien*'), '<strong>muy <em>muy</em> bien</strong>');
  assert.equal(shape('`a*b*c` y ```\nx\n```'), '<code>a*b*c</code> y <code>x</code>');
  assert.equal(
    shape('(*sí*), *dos palabras*.'),
    '(<strong>sí</strong>), <strong>dos palabras</strong>.',
  );
});

test('what only looks like a mark', () => {
  for (const text of [
    '2*3*4',
    'a_b_c',
    '* no *',
    '*',
    '**',
    'un *solo',
    '*a\nb*',
    '~ ~',
    '5 * 3 * 2',
  ])
    assert.equal(shape(text), text);
});

test('links end where the sentence goes on', () => {
  assert.equal(
    shape('mira https://a.example/x_y_z?q=1, o www.b.example.'),
    'mira [https://a.example/x_y_z?q=1](https://a.example/x_y_z?q=1), o [www.b.example](https://www.b.example/).',
  );
  assert.equal(shape('(https://a.example/)'), '([https://a.example/](https://a.example/))');
  assert.equal(
    shape('https://a.example/w_(x)'),
    '[https://a.example/w_(x)](https://a.example/w_(x))',
  );
  for (const text of ['javascript:alert(1)', 'http://', 'https://x', 'data:text/html,x'])
    assert.equal(shape(text), text);
});

// Were it more than that, the test would not come to its end.
test('a hostile text costs no more than it is long', () => {
  for (const piece of ['*a', '_', '~x ', '`', 'http://', '*_~'])
    assert.ok(parse(piece.repeat(65_536 / piece.length)).length);
});

test('one to three emoji are a lone emoji', () => {
  for (const text of ['👍', '❤️', '👍🏽', '👨‍👩‍👧', '🇪🇸', '😀😀😀', '🎉 🎉'])
    assert.ok(isLoneEmoji(text), text);
  for (const text of ['', 'a', '1', '#', '👍 ok', '😀😀😀😀', '*'])
    assert.ok(!isLoneEmoji(text), text);
});

test('a line of a list has no marks', () => {
  assert.equal(plainText('la *Aroma _3_* en https://a.example'), 'la Aroma 3 en https://a.example');
});
