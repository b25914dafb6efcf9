/** Text from a peer made safe to show: in a terminal, a log line, a JSON event. */

/**
 * Control characters, line separators, characters that turn the direction of text, lone surrogates and
 * what replaced broken UTF-8, each as `\u{hex}`. A text without any of these comes back as it is.
 */
export function escapeUnprintable(text: string): string {
  return text.replace(unprintable, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Categories: control, format, surrogate, private use, line and paragraph separator; and U+FFFD. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\uFFFD]/gu;
