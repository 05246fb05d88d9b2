//! Policy as data: TOML files that a crate brings along, each under its name, and files of
//! the same grammar that users write.

use serde::de::DeserializeOwned;
use toml::{Table, Value};

/// The built-in files of one kind: profiles, clients, targets.
#[derive(Clone, Copy, Debug)]
pub struct DataFiles {
    kind: &'static str,
    files: &'static [(&'static str, &'static str)],
}

/// A data file that is not there, or breaks the grammar of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {name}: {reason}")]
pub struct DataFileError {
    /// Its kind, as messages name it: `client`.
    pub kind: &'static str,
    /// Its name or path.
    pub name: String,
    /// The field, and what is wrong with it; or which files there are.
    pub reason: String,
}

impl DataFileError {
    /// There is none of this name; the reason tells those there are.
    pub fn unknown(
        kind: &'static str,
        name: &str,
        known: impl Iterator<Item = &'static str>,
    ) -> Self {
        let known = known.collect::<Vec<_>>().join(", ");
        Self {
            kind,
            name: name.to_owned(),
            reason: format!("no {kind} of this name; there are {known}"),
        }
    }
}

impl DataFiles {
    /// The files of a kind, as messages name it: names and texts.
    pub const fn new(kind: &'static str, files: &'static [(&'static str, &'static str)]) -> Self {
        Self { kind, files }
    }

    /// Names and texts.
    pub const fn all(&self) -> &'static [(&'static str, &'static str)] {
        self.files
    }

    /// Names, in the order of the list.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.files.iter().map(|(name, _)| *name)
    }

    /// The text of one.
    ///
    /// # Errors
    /// There is none of this name; the error tells those there are.
    pub fn text(&self, name: &str) -> Result<&'static str, DataFileError> {
        self.find(name)
            .ok_or_else(|| DataFileError::unknown(self.kind, name, self.names()))
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// The field, and what is wrong with it.
    pub fn parse<T: DeserializeOwned>(&self, name: &str, text: &str) -> Result<T, DataFileError> {
        toml::from_str(text).map_err(|error| self.malformed(name, said(&error)))
    }

    /// Reads a file's text over the built-in file that its field `based-on` names, if it has
    /// one, which may be based on another. Tables are laid over field by field, anything
    /// else replaces what was there.
    ///
    /// # Errors
    /// The field, and what is wrong with it.
    pub fn inherit<T: DeserializeOwned>(&self, name: &str, text: &str) -> Result<T, DataFileError> {
        // A chain that is longer than the list of files goes in a circle.
        let whole = self.whole(text, self.files.len());
        whole
            .and_then(read)
            .map_err(|reason| self.malformed(name, reason))
    }

    /// Reads a file's text with another one laid over it that holds some of its fields.
    ///
    /// # Errors
    /// The field, and what is wrong with it.
    pub fn overlay<T: DeserializeOwned>(
        &self,
        name: &str,
        text: &str,
        over: &str,
    ) -> Result<T, DataFileError> {
        let whole = table(text).and_then(|mut whole| {
            lay_over(&mut whole, table(over)?);
            read(whole)
        });
        whole.map_err(|reason| self.malformed(name, reason))
    }

    /// The error for a file that is there and makes no sense.
    pub fn malformed(&self, name: &str, reason: impl Into<String>) -> DataFileError {
        DataFileError {
            kind: self.kind,
            name: name.to_owned(),
            reason: reason.into(),
        }
    }

    fn find(&self, name: &str) -> Option<&'static str> {
        let found = self.files.iter().find(|(known, _)| *known == name)?;
        Some(found.1)
    }

    fn whole(&self, text: &str, depth: usize) -> Result<Table, String> {
        let mut part = table(text)?;
        let Some(base) = part.remove("based-on") else {
            return Ok(part);
        };
        let named = base.as_str().unwrap_or_default();
        let below = self
            .find(named)
            .filter(|_| depth > 0)
            .ok_or_else(|| format!("based-on: no built-in {} `{named}`", self.kind))?;
        let mut whole = self.whole(below, depth - 1)?;
        lay_over(&mut whole, part);
        Ok(whole)
    }
}

fn table(text: &str) -> Result<Table, String> {
    toml::from_str(text).map_err(|error| said(&error))
}

fn read<T: DeserializeOwned>(table: Table) -> Result<T, String> {
    let read = Value::Table(table).try_into();
    read.map_err(|error| said(&error))
}

fn said(error: &toml::de::Error) -> String {
    error.to_string().trim_end().to_owned()
}

fn lay_over(whole: &mut Table, part: Table) {
    for (name, value) in part {
        match (whole.get_mut(&name), value) {
            (Some(Value::Table(whole)), Value::Table(part)) => lay_over(whole, part),
            (_, value) => {
                whole.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    const TEAS: DataFiles = DataFiles::new(
        "tea",
        &[
            (
                "black",
                "name = \"black\"\n[water]\ncelsius = 95\nlitres = 1\n",
            ),
            (
                "green",
                "based-on = \"black\"\nname = \"green\"\n[water]\ncelsius = 70\n",
            ),
            ("chicken", "based-on = \"egg\"\n"),
            ("egg", "based-on = \"chicken\"\n"),
        ],
    );

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Tea {
        name: String,
        water: Water,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Water {
        celsius: u8,
        litres: u8,
    }

    fn tea(name: &str, celsius: u8) -> Tea {
        Tea {
            name: name.to_owned(),
            water: Water { celsius, litres: 1 },
        }
    }

    #[test]
    fn a_file_is_found_by_its_name() {
        assert!(TEAS.names().eq(["black", "green", "chicken", "egg"]));
        let black = TEAS.text("black").unwrap();
        assert_eq!(TEAS.parse::<Tea>("black", black), Ok(tea("black", 95)));
        assert_eq!(
            TEAS.text("mint").unwrap_err().to_string(),
            "tea mint: no tea of this name; there are black, green, chicken, egg"
        );
    }

    #[test]
    fn a_file_says_the_rest_of_what_is_based_on_it() {
        let green = TEAS.text("green").unwrap();
        assert_eq!(TEAS.inherit::<Tea>("green", green), Ok(tea("green", 70)));
        let ours = "based-on = \"green\"\nname = \"ours\"\n";
        assert_eq!(TEAS.inherit::<Tea>("ours", ours), Ok(tea("ours", 70)));
    }

    #[test]
    fn a_part_is_laid_over_a_whole() {
        let black = TEAS.text("black").unwrap();
        let over = "[water]\ncelsius = 80\n";
        assert_eq!(TEAS.overlay("x", black, over), Ok(tea("black", 80)));
        assert!(TEAS.overlay::<Tea>("x", black, "water = 80\n").is_err());
        assert!(
            TEAS.overlay::<Tea>("x", black, "[water]\nmilk = 1\n")
                .is_err()
        );
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (text, why) in [
            ("", "name"),
            ("= \n", "TOML"),
            ("based-on = \"mint\"\n", "based-on: no built-in tea `mint`"),
            ("based-on = 1\n", "no built-in tea"),
            ("based-on = \"egg\"\n", "no built-in tea"),
            ("based-on = \"black\"\nmilk = true\n", "milk"),
        ] {
            let error = TEAS.inherit::<Tea>("ours", text).unwrap_err();
            assert_eq!((error.kind, error.name.as_str()), ("tea", "ours"));
            assert!(error.reason.contains(why), "{text:?}: {error}");
        }
        // Where nothing is inherited, the field is one like any other.
        let ours = "based-on = \"black\"\nname = \"ours\"\n";
        assert!(TEAS.parse::<Tea>("ours", ours).is_err());
    }
}
