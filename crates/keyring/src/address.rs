//! Mail addresses in user IDs.

/// Characters of an address, as SMTP allows them (RFC 5321, 4.5.3.1).
const LONGEST: usize = 254;
/// Characters of the part before the `@`.
const LONGEST_LOCAL: usize = 64;

/// A mail address as a user ID holds it: `Name <local@domain>`, or nothing but the address.
///
/// Read strictly, since files are named after it and certificates are chosen by it: one
/// `@`, a domain of letters, digits, `-` and `.`, and no blank or control character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address {
    /// As it is written; [`Address::lower_local`] is what directories use.
    local: String,
    /// Lower case.
    domain: String,
}

impl Address {
    /// The address of a user ID; `None` where it has none or an odd one.
    pub(crate) fn of(user_id: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(user_id).ok()?;
        match text.rsplit_once('<') {
            None => Self::parse(text),
            Some((name, rest)) if !name.contains(['<', '>']) => {
                Self::parse(rest.strip_suffix('>')?)
            }
            Some(_) => None,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (local, domain) = text.split_once('@')?;
        let domain = domain.to_ascii_lowercase();
        let fits = text.len() <= LONGEST && is_local(local) && is_domain(&domain);
        fits.then(|| Self {
            local: local.to_owned(),
            domain,
        })
    }

    /// Whether this text is the same address; letters of A to Z may differ in case.
    pub(crate) fn is(&self, text: &str) -> bool {
        text.split_once('@').is_some_and(|(local, domain)| {
            local.eq_ignore_ascii_case(&self.local) && self.is_of(domain)
        })
    }

    /// Whether it is of this very domain, not of one below it.
    pub(crate) fn is_of(&self, domain: &str) -> bool {
        domain.eq_ignore_ascii_case(&self.domain)
    }

    /// The part before the `@`, A to Z in lower case (draft-koch-openpgp-webkey-service,
    /// 3.1).
    pub(crate) fn lower_local(&self) -> String {
        self.local.to_ascii_lowercase()
    }

    /// Its domain, lower case.
    pub(crate) fn domain(&self) -> &str {
        &self.domain
    }
}

fn is_local(local: &str) -> bool {
    let odd = |c: char| c.is_control() || c.is_whitespace() || "@<>()[],;:\\\"/".contains(c);
    (1..=LONGEST_LOCAL).contains(&local.len()) && !local.contains(odd)
}

/// A name of the DNS in ASCII, lower case; an internationalised one in its `xn--` form.
pub(crate) fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    domain.len() <= 253 && domain.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<(String, String)> {
        let address = Address::of(text.as_bytes())?;
        Some((address.lower_local(), address.domain().to_owned()))
    }

    #[test]
    fn addresses_as_people_write_them() {
        let expected = Some(("joe.doe".to_owned(), "example.org".to_owned()));
        for text in [
            "Joe Doe <Joe.Doe@Example.ORG>",
            "joe.doe@example.org",
            "<joe.doe@example.org>",
            "Joe (work) <joe.doe@example.org>",
            "J\u{f6}e <joe.doe@example.org>",
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
        assert!(of("a@b").is_some());
        assert!(of("\u{f6}@example.org").is_some());
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in [
            "",
            "Joe",
            "@example.org",
            "joe@",
            "joe@@example.org",
            "joe@a@example.org",
            "joe @example.org",
            "joe@exam ple.org",
            "joe@example..org",
            "joe@.example.org",
            "joe@-example.org",
            "joe@example.org.",
            "joe@ex\u{e4}mple.org",
            "joe@../../etc",
            "../joe@example.org",
            "a/b@example.org",
            "a\\b@example.org",
            "joe\n@example.org",
            "joe@example.org\n",
            "Joe <joe@example.org",
            "Joe <joe@example.org> more",
            "Joe <a@b> <joe@example.org>",
            "Joe> <joe@example.org>",
            "joe\0@example.org",
        ] {
            assert_eq!(of(text), None, "{text:?}");
        }
        assert_eq!(of(&format!("{}@example.org", "a".repeat(65))), None);
        assert_eq!(of(&format!("a@{}", "b.".repeat(5_000))), None);
        assert_eq!(of(&format!("a@{}.org", "b".repeat(64))), None);
        assert_eq!(Address::of(b"\xff@example.org"), None);
    }

    #[test]
    fn comparing_is_literal() {
        let address = Address::of(b"Joe <joe@example.org>").unwrap();
        assert!(address.is("JOE@EXAMPLE.org"));
        assert!(address.is_of("Example.Org"));
        for other in [
            "joe",
            "@example.org",
            "joe@example.org.",
            "*@example.org",
            "",
        ] {
            assert!(!address.is(other), "{other}");
        }
        for other in ["org", "ample.org", "sub.example.org", "*.org", ".*", ""] {
            assert!(!address.is_of(other), "{other}");
        }
    }
}
