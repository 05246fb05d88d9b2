//! The file of a client, as data.

use std::collections::BTreeMap;

use pkgseal_repo::Until;
use serde::Deserialize;

/// Which program judges signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Program {
    Gpgv,
    Sqv,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Take {
    Accept,
    Reject,
}

/// The moment a key has to be alive at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Moment {
    Now,
    WhenSigned,
}

/// What becomes of version 6 packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Six {
    Accept,
    /// Skipped, and no data where the first one is of this version.
    Unreadable,
    /// In a keyring: those behind it are not found either, nor is the one before it.
    EndsKeyring,
}

/// What a critical subpacket that is not understood makes of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Critical {
    Bad,
    Reject,
}

/// What becomes of a signature that names no issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum NoIssuer {
    Unknown,
    Crash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Checksum {
    MustMatch,
    Ignore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Garbage {
    Ignore,
    Reject,
}

/// Which armored blocks of several are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Blocks {
    All,
    First,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Forms {
    ByName,
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AscLines {
    Exact,
    Trimmed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AscEnd {
    Optional,
    Needed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Unreadable {
    Skip,
    Fail,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Rules {
    pub(super) name: String,
    pub(super) summary: String,
    pub(super) program: Program,
    pub(super) checked: String,
    pub(super) key: KeyRules,
    pub(super) signature: SignatureRules,
    pub(super) armor: ArmorRules,
    pub(super) keyring: KeyringRules,
    pub(super) signed_by: SignedByRules,
    pub(super) release: ReleaseRules,
    pub(super) digest: BTreeMap<String, DigestRule>,
    pub(super) public_key: BTreeMap<String, PublicKeyRule>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct KeyRules {
    pub(super) judged: Moment,
    pub(super) explain: String,
    pub(super) before_its_key: Take,
    pub(super) before_its_key_explain: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SignatureRules {
    pub(super) ahead: Take,
    #[serde(default)]
    pub(super) ahead_seconds: u32,
    #[serde(rename = "ahead-explain")]
    pub(super) _ahead_explain: String,
    pub(super) bad_beside_good: Take,
    pub(super) bad_beside_good_explain: String,
    pub(super) v3: Until,
    pub(super) v6: Six,
    pub(super) v6_explain: String,
    pub(super) critical_unknown: Critical,
    pub(super) critical_unknown_explain: String,
    pub(super) no_issuer: NoIssuer,
    #[serde(default)]
    pub(super) no_issuer_explain: String,
    pub(super) text_line_bytes: Option<usize>,
    #[serde(default)]
    pub(super) text_line_explain: String,
    pub(super) short_digest: Take,
    pub(super) short_digest_explain: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ArmorRules {
    pub(super) blocks: Blocks,
    pub(super) checksum: Checksum,
    pub(super) garbage: Garbage,
    pub(super) explain: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct KeyringRules {
    pub(super) forms: Forms,
    pub(super) asc_lines: AscLines,
    pub(super) asc_end: AscEnd,
    pub(super) unreadable: Unreadable,
    pub(super) v6: Six,
    pub(super) inline: Take,
    pub(super) explain: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SignedByRules {
    pub(super) subkey: Take,
    pub(super) exact: Take,
    pub(super) explain: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ReleaseRules {
    pub(super) max_future_seconds: i64,
    #[serde(default)]
    pub(super) min_valid_seconds: i64,
    #[serde(default)]
    pub(super) max_valid_seconds: i64,
    pub(super) explain: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DigestRule {
    pub(super) data: Until,
    pub(super) self_signature: Until,
    /// On user IDs of more than 96 bytes; left out, as `self_signature`.
    pub(super) long_user_id: Option<Until>,
    pub(super) explain: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PublicKeyRule {
    pub(super) accept: Until,
    /// What the client's next version will make of it: it warns already.
    pub(super) next: Option<Until>,
    #[serde(default)]
    pub(super) sizes: Vec<Size>,
    pub(super) explain: String,
}

/// A smaller key of the same algorithm.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Size {
    /// Bits.
    pub(super) below: u32,
    pub(super) accept: Until,
}
