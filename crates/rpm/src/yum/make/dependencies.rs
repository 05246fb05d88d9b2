//! What a package provides, needs and goes along with.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use super::values::Values;
use super::version::{self, Evr};

/// One kind of dependency: the element of the primary index, and the tags of names, flags
/// and versions.
pub(super) struct Kind {
    pub(super) element: &'static str,
    tags: [u32; 3],
}

/// In the order of the primary index. What is provided has to come before what is required.
pub(super) const KINDS: [Kind; 8] = [
    kind("rpm:provides", [1047, 1112, 1113]),
    kind(REQUIRES, [1049, 1048, 1050]),
    kind("rpm:conflicts", [1054, 1053, 1055]),
    kind("rpm:obsoletes", [1090, 1114, 1115]),
    kind("rpm:suggests", [5049, 5051, 5050]),
    kind("rpm:enhances", [5055, 5057, 5056]),
    kind("rpm:recommends", [5046, 5048, 5047]),
    kind("rpm:supplements", [5052, 5054, 5053]),
];

const REQUIRES: &str = "rpm:requires";

const fn kind(element: &'static str, tags: [u32; 3]) -> Kind {
    Kind { element, tags }
}

/// Flags of a requirement that has to be met before the package's scripts run: PREREQ,
/// SCRIPT_PRE, SCRIPT_POST, and as in createrepo_c since 1.1 PRETRANS and POSTTRANS.
const BEFORE: u64 = 1 << 6 | 1 << 9 | 1 << 10 | 1 << 7 | 1 << 5;

/// One dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dependency<'a> {
    pub(super) name: &'a [u8],
    /// `EQ`, `LT`…; `None` where any version will do.
    pub(super) relation: Option<&'static str>,
    pub(super) evr: Evr<'a>,
    pub(super) before: bool,
}

fn relation(flags: u64) -> Option<&'static str> {
    match flags & 0xf {
        2 => Some("LT"),
        4 => Some("GT"),
        8 => Some("EQ"),
        10 => Some("LE"),
        12 => Some("GE"),
        _ => None,
    }
}

/// Relation, version, and whether before the scripts run.
type Asked<'a> = (Option<&'static str>, &'a [u8], bool);

/// Name, relation and version.
type Named<'a> = (&'a [u8], Option<&'static str>, &'a [u8]);

/// Reads the dependencies of a package, one kind after the other in the order of [`KINDS`].
pub(super) struct Reading<'a> {
    values: Values<'a>,
    provided: HashSet<Named<'a>>,
    /// Own files that the primary index lists: nobody else has to provide them.
    own: HashSet<Vec<u8>>,
}

impl<'a> Reading<'a> {
    /// `own` are the files of the package that the primary index lists.
    pub(super) fn new(values: Values<'a>, own: HashSet<Vec<u8>>) -> Self {
        Self {
            values,
            provided: HashSet::new(),
            own,
        }
    }

    /// The dependencies of a kind, without what says nothing: requirements that the package
    /// meets itself, that only rpm can meet, that stand there twice, and of those of the C
    /// library all but the newest.
    pub(super) fn of(&mut self, kind: &Kind) -> Vec<Dependency<'a>> {
        let [names, flags, versions] = kind.tags;
        if !self.values.has(flags) {
            return Vec::new();
        }
        let required = kind.element == REQUIRES;
        let mut found = Vec::new();
        let mut seen: HashMap<&[u8], Asked<'_>> = HashMap::new();
        let mut library: Option<Dependency<'a>> = None;
        let rows = self
            .values
            .texts(names)
            .zip(self.values.numbers(flags))
            .zip(self.values.texts(versions));
        for ((name, flags), text) in rows {
            let relation = relation(flags);
            let named = (name, relation, text);
            let before = required && flags & BEFORE != 0;
            if required
                && (name.starts_with(b"rpmlib(")
                    || self.own.contains(name)
                    || self.provided.contains(&named)
                    || seen.get(name) == Some(&(relation, text, before)))
            {
                continue;
            }
            // An epoch that is no number: nobody could compare with it.
            let Some(evr) = Evr::parse(text) else {
                continue;
            };
            let dependency = Dependency {
                name,
                relation,
                evr,
                before,
            };
            if required && name.starts_with(b"libc.so.6") {
                let newer = library.as_ref().is_none_or(|l| is_newer(l.name, name));
                if newer {
                    library = Some(dependency);
                }
                continue;
            }
            if required {
                seen.insert(name, (relation, text, before));
            }
            if kind.element == KINDS[0].element {
                self.provided.insert(named);
            }
            found.push(dependency);
        }
        found.extend(library);
        found
    }
}

/// Whether `libc.so.6(GLIBC_2.4)(64bit)` asks for a newer library than another.
fn is_newer(than: &[u8], name: &[u8]) -> bool {
    let order = match (Symbol::of(than), Symbol::of(name)) {
        (Symbol::Version(than), Symbol::Version(version)) => version::compare(than, version),
        (than, version) => than.rank().cmp(&version.rank()),
    };
    order == Ordering::Less
}

/// What stands between the first parentheses, and how much it says.
enum Symbol<'a> {
    None,
    Unclosed,
    Empty,
    Name,
    /// From its first digit on.
    Version(&'a [u8]),
}

impl<'a> Symbol<'a> {
    fn of(name: &'a [u8]) -> Self {
        let Some(open) = name.iter().position(|&b| b == b'(') else {
            return Self::None;
        };
        let inside = name.get(open + 1..).unwrap_or_default();
        let Some(close) = inside.iter().position(|&b| b == b')') else {
            return Self::Unclosed;
        };
        let inside = inside.get(..close).unwrap_or_default();
        match inside.iter().position(u8::is_ascii_digit) {
            Some(digit) => Self::Version(inside.get(digit..).unwrap_or_default()),
            None if inside.is_empty() => Self::Empty,
            None => Self::Name,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::None => 0,
            Self::Unclosed => 1,
            Self::Empty => 2,
            Self::Name => 3,
            Self::Version(_) => 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_c_library_is_found() {
        let newer = |than: &str, name: &str| is_newer(than.as_bytes(), name.as_bytes());
        assert!(newer("libc.so.6()(64bit)", "libc.so.6(GLIBC_2.2.5)(64bit)"));
        assert!(newer(
            "libc.so.6(GLIBC_2.4)(64bit)",
            "libc.so.6(GLIBC_2.34)(64bit)"
        ));
        assert!(!newer(
            "libc.so.6(GLIBC_2.34)(64bit)",
            "libc.so.6(GLIBC_2.4)(64bit)"
        ));
        assert!(!newer("libc.so.6(GLIBC_2.4)", "libc.so.6(GLIBC_2.4)"));
        assert!(!newer("libc.so.6(GLIBC_2.4)", "libc.so.6"));
        assert!(!newer("libc.so.6(GLIBC_2.4)", "libc.so.6(unclosed_9"));
        assert!(newer("libc.so.6(GLIBC_PRIVATE)", "libc.so.6(GLIBC_2.4)"));
        assert!(newer("libc.so.6", "libc.so.6()(64bit)"));
        assert!(newer(
            "libc.so.6()(64bit)",
            "libc.so.6(GLIBC_PRIVATE)(64bit)"
        ));
    }

    #[test]
    fn relations_are_those_of_rpm() {
        let of = |flags| relation(flags);
        assert_eq!(of(8 | 1 << 24), Some("EQ"));
        assert_eq!(of(0), None);
        assert_eq!(of(14), None);
        assert_eq!(
            [2, 4, 10, 12].map(of),
            [Some("LT"), Some("GT"), Some("LE"), Some("GE")]
        );
    }
}
