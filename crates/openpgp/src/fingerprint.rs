//! Full fingerprints, the only identity of a certificate.

use sequoia_openpgp as openpgp;

/// A full fingerprint: 40 (v4) or 64 (v6) upper-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(Box<str>);

impl Fingerprint {
    /// Accepts 40 or 64 hexadecimal digits, spaces and a leading `0x` ignored. A key ID
    /// is refused: it identifies nobody.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text
            .strip_prefix("0x")
            .or_else(|| text.strip_prefix("0X"))
            .unwrap_or(text);
        // No valid input is longer; a hostile one is not copied.
        if text.len() > 128 {
            return None;
        }
        let digits: String = text
            .chars()
            .filter(|c| *c != ' ')
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let whole =
            matches!(digits.len(), 40 | 64) && digits.chars().all(|c| c.is_ascii_hexdigit());
        whole.then(|| Self(digits.into()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn of(fingerprint: &openpgp::Fingerprint) -> Self {
        Self(fingerprint.to_hex().into())
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: &str = "D8692123C4065DEA5E0F3AB5249B39D24F25E3B6";

    #[test]
    fn as_people_write_it() {
        let plain = Fingerprint::parse(V4).unwrap();
        for text in [
            "d8692123c4065dea5e0f3ab5249b39d24f25e3b6",
            "0xD8692123C4065DEA5E0F3AB5249B39D24F25E3B6",
            "D869 2123 C406 5DEA 5E0F  3AB5 249B 39D2 4F25 E3B6\n",
        ] {
            assert_eq!(Fingerprint::parse(text).as_ref(), Some(&plain));
        }
        assert!(Fingerprint::parse(&"A".repeat(64)).is_some(), "v6");
    }

    #[test]
    fn a_key_id_identifies_nobody() {
        for text in ["", "249B39D24F25E3B6", "4F25E3B6", "0x", &V4[1..], "é"] {
            assert_eq!(Fingerprint::parse(text), None, "{text}");
        }
        let wrong = V4.replace('D', "G");
        assert_eq!(Fingerprint::parse(&wrong), None);
    }
}
