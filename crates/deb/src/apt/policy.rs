//! Expectations of suites, from a file.

use pkgseal_repo::parse_duration;
use serde::Deserialize;

use super::freshness::Freshness;
use super::pattern::Pattern;
use super::request::Expectation;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    suite: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    name: Option<String>,
    suite: Option<String>,
    codename: Option<String>,
    origin: Option<String>,
    label: Option<String>,
    #[serde(default)]
    components: Vec<String>,
    max_age: Option<String>,
    clock_skew: Option<String>,
    min_valid_time: Option<String>,
    max_valid_time: Option<String>,
}

/// Reads a policy: a table `[[suite]]` for each expectation, in TOML. `name` says which
/// suites it is about (all, where it is missing); the other keys are those of
/// [`Expectation`] and [`Freshness`], with `-` for `_`, times as [`parse_duration`] reads
/// them.
///
/// ```
/// let policy = pkgseal_deb::apt::parse_policy(
///     r#"
///     [[suite]]
///     origin = "Debian"
///
///     [[suite]]
///     name = "bookworm-security"
///     codename = "bookworm-security"
///     components = ["main"]
///     max-age = "8d"
///     "#,
/// );
/// assert_eq!(policy.unwrap().len(), 2);
/// ```
///
/// # Errors
/// What is wrong, and where.
pub fn parse_policy(text: &str) -> Result<Vec<Expectation>, String> {
    let document: Document = toml::from_str(text).map_err(|error| error.to_string())?;
    document.suite.into_iter().map(expectation).collect()
}

fn expectation(entry: Entry) -> Result<Expectation, String> {
    let time = |key: &str, text: Option<String>| {
        text.map(|text| parse_duration(&text).map_err(|what| format!("{key} {text:?}: {what}")))
            .transpose()
    };
    Ok(Expectation {
        about: entry.name.map(Pattern::new),
        suite: entry.suite,
        codename: entry.codename,
        origin: entry.origin,
        label: entry.label,
        components: entry.components,
        freshness: Freshness {
            max_age: time("max-age", entry.max_age)?,
            clock_skew: time("clock-skew", entry.clock_skew)?,
            min_valid_time: time("min-valid-time", entry.min_valid_time)?,
            max_valid_time: time("max-valid-time", entry.max_valid_time)?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read() {
        let text = "[[suite]]\nname = \"*-security\"\nmax-age = \"8d\"\ncomponents = [\"main\"]\n";
        let policy = parse_policy(text).unwrap();
        let first = &policy[0];
        assert!(first.about.as_ref().unwrap().matches("trixie-security"));
        assert_eq!(first.freshness.max_age, parse_duration("8d").ok());
        assert_eq!(first.components, ["main"]);
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for text in [
            "suite = 1",
            "[[suites]]\n",
            "[[suite]]\nmaxage = \"8d\"\n",
            "[[suite]]\nmax-age = 8\n",
            "[[suite]]\nmax-age = \"8\"\n",
            "[[suite]]\norigin = \"a\"\norigin = \"b\"\n",
            "x = 1\n",
        ] {
            assert!(parse_policy(text).is_err(), "{text}");
        }
    }
}
