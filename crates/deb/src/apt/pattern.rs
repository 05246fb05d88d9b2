//! Names with wildcards.

/// A name in which `*` stands for any text and `?` for any one character, as in a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Takes a pattern; every text is one.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The pattern as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it stands for this whole name.
    pub fn matches(&self, name: &str) -> bool {
        let pattern: Vec<char> = self.0.chars().collect();
        let name: Vec<char> = name.chars().collect();
        let (mut at, mut from) = (0, 0);
        // Where the last `*` stood, and how much of the name it has taken.
        let mut star: Option<(usize, usize)> = None;
        while let Some(letter) = name.get(at) {
            match pattern.get(from) {
                Some('*') => {
                    star = Some((from, at));
                    from += 1;
                }
                Some(wanted) if *wanted == '?' || wanted == letter => {
                    at += 1;
                    from += 1;
                }
                _ => {
                    let Some((place, taken)) = star else {
                        return false;
                    };
                    star = Some((place, taken + 1));
                    at = taken + 1;
                    from = place + 1;
                }
            }
        }
        pattern.iter().skip(from).all(|&rest| rest == '*')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_marks_stand_for_text() {
        for (pattern, name, expected) in [
            ("bookworm", "bookworm", true),
            ("bookworm", "bookworm-updates", false),
            ("bookworm*", "bookworm-updates", true),
            ("*-updates", "bookworm-updates", true),
            ("*-updates", "bookworm", false),
            ("b*k*m", "bookworm", true),
            ("b*k*w", "bookworm", false),
            ("?id", "sid", true),
            ("?id", "id", false),
            ("*", "", true),
            ("", "", true),
            ("", "sid", false),
            ("stable/*", "stable/updates", true),
            ("a*a*a*a*a*b", &"a".repeat(2000), false),
        ] {
            assert_eq!(
                Pattern::new(pattern).matches(name),
                expected,
                "{pattern} {name}"
            );
        }
    }
}
