/** The first line of a text that says anything, without the blanks around it; '' when none does. */
export const firstLine = (text: string): string =>
  text
    .split('\n')
    .map(line => line.trim())
    .find(line => line !== '') ?? ''
