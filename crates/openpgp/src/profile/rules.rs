//! The file of a profile, as data.

use std::collections::BTreeMap;

use pkgseal_repo::Until;
use serde::Deserialize;

/// What to make of something that is not right but may pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Weight {
    #[default]
    Reject,
    Warn,
    Note,
}

/// What to make of a text signature on a detached file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TextForm {
    Reject,
    LfOnly,
    Accept,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum BesideGood {
    Reject,
    Ignore,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Rules {
    pub(super) name: String,
    pub(super) summary: String,
    pub(super) threshold: usize,
    pub(super) clock_skew_seconds: u32,
    pub(super) bad_signature: BadSignatureRule,
    pub(super) allowed: AllowedRule,
    #[serde(default)]
    pub(super) digest: BTreeMap<String, DigestRule>,
    #[serde(default)]
    pub(super) public_key: BTreeMap<String, KeyRule>,
    #[serde(default)]
    pub(super) signature: BTreeMap<String, VersionRule>,
    pub(super) repository: ObjectRule,
    pub(super) package: ObjectRule,
    pub(super) artifact: ObjectRule,
    /// Profiles written before there were uploads lack it: as for repositories then.
    pub(super) upload: Option<ObjectRule>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct BadSignatureRule {
    pub(super) beside_good: BesideGood,
    pub(super) explain: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AllowedRule {
    pub(super) certificates: Vec<String>,
    #[serde(rename = "explain")]
    pub(super) _explain: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DigestRule {
    pub(super) data: Until,
    pub(super) self_signature: Until,
    /// Left out, as `self_signature`.
    pub(super) long_user_id: Option<Until>,
    #[serde(default)]
    pub(super) weak: bool,
    pub(super) explain: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct KeyRule {
    pub(super) accept: Until,
    pub(super) minimum_bits: Option<usize>,
    pub(super) small_bits: Option<usize>,
    pub(super) small_before: Option<Until>,
    #[serde(default)]
    pub(super) weak: bool,
    pub(super) warn_below_bits: Option<usize>,
    pub(super) explain: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct VersionRule {
    pub(super) accept: Until,
    pub(super) explain: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ObjectRule {
    pub(super) alive_now: Weight,
    pub(super) retired_since: Weight,
    #[serde(default)]
    pub(super) expired_then: Weight,
    #[serde(default)]
    pub(super) extended_later: Weight,
    #[serde(default)]
    pub(super) bare_key: Weight,
    pub(super) text_form: TextForm,
    pub(super) max_age_days: Option<u32>,
    /// Left out, they reject.
    pub(super) collision_weak: Option<Weight>,
    pub(super) explain: String,
}
