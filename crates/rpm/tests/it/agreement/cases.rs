//! Every case.

mod damage;
mod demands;
mod signatures;

use super::case::Case;

/// All cases, each of a name of its own.
pub(crate) fn all() -> Vec<Case> {
    let cases: Vec<_> = [demands::cases(), signatures::cases(), damage::cases()].concat();
    let mut names: Vec<_> = cases.iter().map(|case| (case.group, &case.name)).collect();
    names.sort_unstable();
    let twice = names.windows(2).find(|two| two[0] == two[1]);
    assert!(twice.is_none(), "{twice:?}");
    cases
}
