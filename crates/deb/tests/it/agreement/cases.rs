//! The cases, by what they are about.

use super::case::Case;

mod content;
mod dates;
mod files;
mod keyfiles;
mod signatures;
mod signers;

/// All of them; names are unique.
pub(crate) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(signers::cases());
    cases.extend(signatures::cases());
    cases.extend(dates::cases());
    cases.extend(files::cases());
    cases.extend(content::cases());
    cases.extend(keyfiles::cases());
    let mut names: Vec<_> = cases.iter().map(|case| &case.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), cases.len(), "two cases of one name");
    cases
}
