/** A workflow without the kit, with a mistake: Temporal takes it for one that a new version of the code will mend, and tries it again and again. */
export async function breaksFirst({ missing }: { readonly missing: { readonly name: string } }): Promise<string> {
  return missing.name;
}
