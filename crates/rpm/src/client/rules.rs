//! The file of a client, as data.

use serde::Deserialize;

use crate::package::Level;

/// Which items there are, in which words they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u8")]
pub(super) enum Generation {
    Four,
    Six,
}

impl TryFrom<u8> for Generation {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        match number {
            4 => Ok(Self::Four),
            6 => Ok(Self::Six),
            other => Err(format!("generation {other} is neither 4 nor 6")),
        }
    }
}

/// Who reads OpenPGP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Parser {
    /// rpm itself, until 4.18.
    Internal,
    /// rpm-sequoia.
    Sequoia,
}

/// Versions of signatures that are never checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Unsupported {
    #[default]
    None,
    V6,
}

/// Which results fail a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Fails {
    AnythingButOk,
    BadAndNokey,
}

/// What of the lead is looked at beside its magic number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum LeadCheck {
    Version,
    SignatureType,
}

/// Items by the names of rpm's flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Switch {
    Sha1Header,
    Sha256Header,
    DsaHeader,
    RsaHeader,
    Openpgp,
    Sha3Header,
    Sha512Payload,
    Sha3Payload,
    Sha256Payload,
    Md5,
    Dsa,
    Rsa,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Rules {
    pub(super) name: String,
    pub(super) summary: String,
    pub(super) checked: String,
    pub(super) profile: String,
    pub(super) level: LevelRule,
    pub(super) lead: LeadRule,
    pub(super) items: ItemsRule,
    pub(super) openpgp: OpenpgpRule,
    pub(super) outcome: OutcomeRule,
    #[serde(default, rename = "cut-off")]
    pub(super) cut_offs: Vec<CutOffRule>,
}

/// A day of the client's own clock from which on its policy no longer takes something.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CutOffRule {
    /// The field of the profile that is `"never"` from then on.
    pub(super) field: String,
    /// What it is about, as reasons name it.
    pub(super) what: String,
    pub(super) day: String,
    pub(super) explain: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct LevelRule {
    #[serde(deserialize_with = "level")]
    pub(super) default: Level,
    #[serde(rename = "explain")]
    pub(super) _explain: String,
}

fn level<'a, D: serde::Deserializer<'a>>(deserializer: D) -> Result<Level, D::Error> {
    let word = String::deserialize(deserializer)?;
    Level::named(&word).ok_or_else(|| {
        serde::de::Error::custom(format!(
            "`{word}` is no level: none, digest, signature, all"
        ))
    })
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct LeadRule {
    pub(super) checks: Vec<LeadCheck>,
    #[serde(rename = "explain")]
    pub(super) _explain: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ItemsRule {
    pub(super) generation: Generation,
    pub(super) off: Vec<Switch>,
    #[serde(rename = "explain")]
    pub(super) _explain: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct OpenpgpRule {
    pub(super) parser: Parser,
    #[serde(default)]
    pub(super) unsupported: Unsupported,
    /// Public-key algorithms of the profile that it was built without.
    #[serde(default)]
    pub(super) unknown_keys: Vec<String>,
    #[serde(rename = "explain")]
    pub(super) _explain: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct OutcomeRule {
    pub(super) fails: Fails,
    #[serde(rename = "explain")]
    pub(super) _explain: String,
}
