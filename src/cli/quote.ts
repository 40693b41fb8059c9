/**
 * A name in a message as GNU has it: in quotes where a shell would not take it as it is.
 */
export function quote(name: string): string {
  if (name !== '' && !/[^\w@%+=,./-]|^[#~]/.test(name)) return name;
  if (name.includes("'") && !/["$`\\]/.test(name)) return `"${name}"`;
  return `'${name.replaceAll("'", `'\\''`)}'`;
}
