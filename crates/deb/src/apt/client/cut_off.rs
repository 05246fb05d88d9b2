//! The days on which a client may change its mind: of its policy, and of a root's own dates.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use pkgseal_repo::Until;

use super::rules::Program;
use super::{Client, StandingRoot, release, split};

/// A day on which a client stops accepting something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutOff {
    /// The line of its rules, for example `digest.sha1.self-signature = "2026-02-01"`.
    pub rule: String,
    /// What it is about, as reasons name it: `SHA-1`, `RSA`, `version 3`…
    pub what: String,
    /// The first second on which it rejects.
    pub from: Timestamp,
    /// The first second on which it warns, where it warns before.
    pub warns: Option<Timestamp>,
    /// Why, or by whose policy.
    pub explain: String,
}

/// What a root says of its own time, as clients read it: nobody vouches for it here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RootDates {
    /// Its Date.
    pub date: Option<Timestamp>,
    /// Its Valid-Until: the last second on which it is valid.
    pub valid_until: Option<Timestamp>,
}

impl StandingRoot {
    /// Its dates, as clients read them from the file they take first.
    pub fn dates(&self) -> RootDates {
        let message = self.inrelease.as_deref().map(split::clearsigned);
        match (message, &self.release) {
            (Some(Ok(message)), _) => release::dates_of(&message.text),
            (None, Some(text)) => release::dates_of(text),
            _ => RootDates::default(),
        }
    }
}

impl Client {
    /// The last second on which a root of these dates is valid to it, by its own
    /// Min-ValidTime and Max-ValidTime too.
    pub fn valid_until(&self, dates: RootDates) -> Option<Timestamp> {
        release::effective(&self.rules, dates.date, dates.valid_until)
    }

    /// Every day on which its policy changes, in the order of its file.
    pub fn cut_offs(&self) -> Vec<CutOff> {
        let rules = &*self.rules;
        let mut found = Vec::new();
        let mut add = |rule: String, what: &str, until: Until, explain: &str| {
            let Some(from) = until.end() else {
                return;
            };
            found.push(CutOff {
                rule: format!("{rule} = \"{}\"", from.strftime("%Y-%m-%d")),
                what: what.to_owned(),
                from,
                warns: match rules.program {
                    Program::Sqv => a_year_before(from),
                    Program::Gpgv => None,
                },
                explain: explain.to_owned(),
            });
        };
        for (name, rule) in &rules.digest {
            let what = digest(name);
            let explain = &rule.explain;
            add(format!("digest.{name}.data"), &what, rule.data, explain);
            let field = format!("digest.{name}.self-signature");
            add(field, &what, rule.self_signature, explain);
        }
        for (name, rule) in &rules.public_key {
            let what = public_key(name);
            let field = format!("public-key.{name}.accept");
            add(field, what, rule.accept, &rule.explain);
            for size in &rule.sizes {
                let field = format!("public-key.{name}.sizes below {} bits", size.below);
                add(field, what, size.accept, &rule.explain);
            }
        }
        let v3 = rules.signature.v3;
        add("signature.v3".to_owned(), "version 3", v3, "");
        found
    }
}

/// The first second that has a day in its year to come.
fn a_year_before(day: Timestamp) -> Option<Timestamp> {
    let day = day.to_zoned(TimeZone::UTC).date();
    let before = day.checked_sub(jiff::Span::new().years(1)).ok()?;
    Some(before.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// A digest as reasons name it.
fn digest(name: &str) -> String {
    match name {
        "ripemd160" => "RIPEMD-160".to_owned(),
        "md5" => "MD5".to_owned(),
        name => match name.strip_prefix("sha").filter(|r| !r.starts_with('3')) {
            Some(bits) => format!("SHA-{bits}"),
            None => name.to_uppercase(),
        },
    }
}

/// An algorithm as reasons name it.
fn public_key(name: &str) -> &'static str {
    match name {
        "rsa" => "RSA",
        "dsa" => "DSA",
        name if name.starts_with("brainpool") => "brainpool",
        name if name.starts_with("nist") => "P-",
        "ed25519" => "Ed25519",
        "ed448" => "Ed448",
        _ => "DSA-",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Vec<CutOff> {
        Client::named(name).unwrap().cut_offs()
    }

    #[test]
    fn trixie_ends_what_its_file_says() {
        let found = of("trixie");
        let line = |rule: &str| {
            let found = found.iter().find(|cut| cut.rule.starts_with(rule));
            let found = found.unwrap_or_else(|| panic!("{rule}"));
            (
                found.what.clone(),
                found.from.to_string(),
                found.warns.unwrap().to_string(),
            )
        };
        let entry = |what: &str, from: &str, warns: &str| {
            let midnight = |day: &str| format!("{day}T00:00:00Z");
            (what.to_owned(), midnight(from), midnight(warns))
        };
        assert_eq!(
            line("digest.sha1.self-signature"),
            entry("SHA-1", "2026-02-01", "2025-02-01")
        );
        assert_eq!(
            line("digest.sha224.data"),
            entry("SHA-224", "2026-02-01", "2025-02-01")
        );
        assert_eq!(
            line("public-key.rsa.sizes below 3072"),
            entry("RSA", "2030-02-01", "2029-02-01")
        );
        assert_eq!(
            line("signature.v3"),
            entry("version 3", "2026-02-01", "2025-02-01")
        );
        assert!(!found.iter().any(|cut| cut.rule.contains("sha512")));
    }

    #[test]
    fn a_client_may_have_its_own_opinion_of_valid_until() {
        let day = |day: i64| Timestamp::from_second(day * 86_400).ok();
        let until = |rules: &str, date, valid_until| {
            let text = format!("based-on = \"trixie\"\nname = \"x\"\n[release]\n{rules}");
            let client = Client::parse("x", &text).unwrap();
            client.valid_until(RootDates { date, valid_until })
        };
        for (rules, date, valid_until, expected) in [
            ("", 10, None, None),
            ("", 10, Some(17), Some(17)),
            ("max-valid-seconds = 259200\n", 10, Some(17), Some(13)),
            ("max-valid-seconds = 259200\n", 10, None, Some(13)),
            ("min-valid-seconds = 864000\n", 10, Some(17), Some(20)),
            ("min-valid-seconds = 864000\n", 10, None, None),
            (
                "min-valid-seconds = 864000\nmax-valid-seconds = 259200\n",
                10,
                Some(17),
                Some(13),
            ),
        ] {
            let found = until(rules, day(date), valid_until.and_then(day));
            assert_eq!(found, expected.and_then(day), "{rules}");
        }
        let far = "max-valid-seconds = 9223372036854775807\n";
        assert_eq!(until(far, day(10), None), Some(Timestamp::MAX));
    }

    #[test]
    fn gpgv_has_no_calendar() {
        for name in ["bullseye", "bookworm", "jammy", "noble"] {
            assert_eq!(of(name), [], "{name}");
        }
    }
}
