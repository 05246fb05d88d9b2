//! The order of versions, and ranges of them (POM reference, "Version Order Specification"
//! and "Dependency Version Requirement Specification").

use std::cmp::Ordering;

/// Bytes of a version that are looked at.
const LENGTH: usize = 1024;

/// One part of a version, with the separator before it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    hyphen: bool,
    value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    /// Digits without leading zeros: compared by length, then as text.
    Number(String),
    Word(String),
}

impl Value {
    fn number(digits: &str) -> Self {
        Self::Number(digits.trim_start_matches('0').to_owned())
    }

    fn word(text: &str, before_digit: bool) -> Self {
        let whole = match (text, before_digit) {
            ("a", true) => "alpha",
            ("b", true) => "beta",
            ("m", true) => "milestone",
            ("cr", _) => "rc",
            ("ga" | "final" | "release", _) => "",
            (text, _) => text,
        };
        Self::Word(whole.to_owned())
    }

    fn is_null(&self) -> bool {
        match self {
            Self::Number(text) | Self::Word(text) => text.is_empty(),
        }
    }
}

fn tokens(version: &str) -> Vec<Token> {
    let end = version
        .char_indices()
        .map(|(at, _)| at)
        .take_while(|at| *at <= LENGTH)
        .last()
        .unwrap_or(0);
    let version = match version.len() > LENGTH {
        true => version.get(..end).unwrap_or_default(),
        false => version,
    };
    let version = version.to_lowercase();
    let mut tokens = Vec::new();
    let mut current = String::new();
    let mut hyphen = false;
    let mut push = |current: &mut String, hyphen: bool, before_digit: bool| {
        let value = match current.chars().next() {
            None => Value::Number(String::new()),
            Some(first) if first.is_ascii_digit() => Value::number(current),
            Some(_) => Value::word(current, before_digit),
        };
        tokens.push(Token { hyphen, value });
        current.clear();
    };
    for character in version.chars() {
        let digit = character.is_ascii_digit();
        let last = current.chars().last();
        if matches!(character, '.' | '-') {
            push(&mut current, hyphen, false);
            hyphen = character == '-';
            continue;
        }
        if last.is_some_and(|last| last.is_ascii_digit() != digit) {
            push(&mut current, hyphen, digit);
            // From digits to letters and back is as a hyphen.
            hyphen = true;
        }
        current.push(character);
    }
    push(&mut current, hyphen, false);
    trim(tokens)
}

/// Takes off what is nothing at the end, and before each hyphen.
fn trim(tokens: Vec<Token>) -> Vec<Token> {
    let mut kept: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        if token.hyphen {
            while kept.len() > 1 && kept.last().is_some_and(|last| last.value.is_null()) {
                kept.pop();
            }
        }
        kept.push(token);
    }
    while kept.len() > 1 && kept.last().is_some_and(|last| last.value.is_null()) {
        kept.pop();
    }
    kept
}

/// Where a word stands: before a release, at it, or after it.
fn rank(word: &str) -> (usize, &str) {
    let known = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
    match known.iter().position(|known| *known == word) {
        Some(place) => (place, ""),
        None => (known.len(), word),
    }
}

fn order(a: &Token, b: &Token) -> Ordering {
    // A word, whatever its separator, stands before a number after a hyphen, and that before
    // a number after a dot.
    let class = |token: &Token| match (&token.value, token.hyphen) {
        (Value::Word(_), _) => 0,
        (Value::Number(_), true) => 1,
        (Value::Number(_), false) => 2,
    };
    match (&a.value, &b.value) {
        (Value::Number(x), Value::Number(y)) if a.hyphen == b.hyphen => {
            x.len().cmp(&y.len()).then_with(|| x.cmp(y))
        }
        (Value::Word(x), Value::Word(y)) => rank(x).cmp(&rank(y)),
        _ => class(a).cmp(&class(b)),
    }
}

/// Compares two versions as Maven does: `1.0-alpha-1` is before `1.0-rc1`, that before `1.0`,
/// which equals `1` and `1.0.0.Final`, and `1.10` comes after `1.9`.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (tokens(a), tokens(b));
    // What is missing is nothing, with the separator of the other's part.
    let nothing = |other: &Token| Token {
        hyphen: other.hyphen,
        value: match other.value {
            Value::Number(_) => Value::Number(String::new()),
            Value::Word(_) => Value::Word(String::new()),
        },
    };
    for place in 0..a.len().max(b.len()) {
        let found = match (a.get(place), b.get(place)) {
            (Some(a), Some(b)) => order(a, b),
            (Some(a), None) => order(a, &nothing(a)),
            (None, Some(b)) => order(&nothing(b), b),
            (None, None) => Ordering::Equal,
        };
        if found != Ordering::Equal {
            return found;
        }
    }
    Ordering::Equal
}

/// One interval: its ends, and whether they belong to it.
type Interval<'a> = ((&'a str, bool), (&'a str, bool));

/// Reads `[1,2)`, `(,1.0]`, `[1.2]` or several of them; `None` when it is none.
fn intervals(spec: &str) -> Option<Vec<Interval<'_>>> {
    let mut found = Vec::new();
    let mut rest = spec.trim();
    loop {
        let from_included = match rest.chars().next()? {
            '[' => true,
            '(' => false,
            _ => return None,
        };
        let inner = rest.get(1..)?;
        let end = inner.find([']', ')'])?;
        let (inside, behind) = inner.split_at_checked(end)?;
        let to_included = behind.starts_with(']');
        let interval = match inside.split_once(',') {
            Some((_, to)) if to.contains(',') => return None,
            Some((from, to)) => {
                let (from, to) = (from.trim(), to.trim());
                let upside_down =
                    !from.is_empty() && !to.is_empty() && compare(from, to) == Ordering::Greater;
                if upside_down {
                    return None;
                }
                ((from, from_included), (to, to_included))
            }
            None if from_included && to_included && !inside.trim().is_empty() => {
                ((inside.trim(), true), (inside.trim(), true))
            }
            None => return None,
        };
        found.push(interval);
        rest = behind.get(1..)?.trim_start();
        match rest.strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None if rest.is_empty() => return Some(found),
            None => return None,
        }
    }
}

/// Whether a text is a range of versions at all.
pub(super) fn is_range(spec: &str) -> bool {
    intervals(spec).is_some()
}

/// Whether a version lies in a range such as `[1.0,2.0)` or `(,1.0],[1.2,)`; `None` when
/// that is no range.
pub fn in_range(spec: &str, version: &str) -> Option<bool> {
    let within = |((from, from_included), (to, to_included)): &Interval<'_>| {
        let after = from.is_empty()
            || match compare(version, from) {
                Ordering::Greater => true,
                Ordering::Equal => *from_included,
                Ordering::Less => false,
            };
        let before = to.is_empty()
            || match compare(version, to) {
                Ordering::Less => true,
                Ordering::Equal => *to_included,
                Ordering::Greater => false,
            };
        after && before
    };
    Some(intervals(spec)?.iter().any(within))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn versions_stand_in_mavens_order() {
        let sorted = [
            "1-alpha-1",
            "1-alpha-2",
            "1-beta-1",
            "1.0-milestone-1",
            "1-rc1",
            "1-SNAPSHOT",
            "1",
            "1-sp",
            "1-foo",
            "1-foo-1",
            "1-1",
            "1.0.1",
            "1.1",
            "1.2",
            "1.9",
            "1.10",
            "2.0-beta-1",
            "2",
            "20040616",
            "99999999999999999999999999",
        ];
        for (place, a) in sorted.iter().enumerate() {
            for (other, b) in sorted.iter().enumerate() {
                assert_eq!(compare(a, b), place.cmp(&other), "{a} and {b}");
            }
        }
        for (a, b) in [
            ("1", "1.0"),
            ("1", "1.0.0"),
            ("1.0", "1-ga"),
            ("1.0", "1.0-final"),
            ("1.0.RELEASE", "1"),
            ("1a1", "1-alpha-1"),
            ("1b2", "1-beta-2"),
            ("1m3", "1-milestone-3"),
            ("1cr", "1rc"),
            ("1.0-SNAPSHOT", "1-snapshot"),
            ("1X", "1x"),
            ("001", "1"),
            ("1.0.0-foo.0.0", "1-foo"),
        ] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} and {b}");
        }
    }

    #[test]
    fn ranges_hold_what_they_say() {
        for (range, inside, outside) in [
            ("[1,2)", "1.0 1.5 2-rc1", "0.9 2 2.0"),
            ("(,1.7.0]", "0.1 1.7 1.7.0", "1.7.1 2"),
            ("[3.2.0,)", "3.2 3.2.1 10", "3.1.9 3.2-rc"),
            ("[1.2]", "1.2 1.2.0", "1.1 1.3"),
            ("(,1.0],[1.2,)", "0.5 1.0 1.2 3", "1.1"),
            ("(1,2)", "1.1", "1 2"),
        ] {
            for version in inside.split(' ') {
                assert_eq!(in_range(range, version), Some(true), "{version} in {range}");
            }
            for version in outside.split(' ') {
                assert_eq!(
                    in_range(range, version),
                    Some(false),
                    "{version} in {range}"
                );
            }
        }
        for none in [
            "", "1.0", "[", "[1", "[1,2", "(1)", "[]", "[1,2)x", "[1,2),", "[2,1]", "[1,2,3]",
        ] {
            assert_eq!(in_range(none, "1"), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn an_order_is_one(a in "[0-9a-c.-]{0,8}", b in "[0-9a-c.-]{0,8}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert_eq!(compare(&a, &a), Ordering::Equal);
            let _ = in_range(&a, &b);
        }

        #[test]
        fn nonsense_never_panics(a in r"(\[|\(|,|\)|\]|[0-9]|ä|-|\.){0,20}") {
            let _ = in_range(&a, "1.0");
            let _ = compare(&a, "1.0");
        }
    }
}
