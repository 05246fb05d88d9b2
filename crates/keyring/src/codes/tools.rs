//! Codes of what is made of keyrings, and of what changed between two.

use pkgseal_repo::Code;

/// A self-signature that does not verify.
pub(crate) const BAD_SELF_SIGNATURE: Code = Code::new(
    "keyring.bad-self-signature",
    "a signature in a certificate's own name does not verify and is left out: the file was damaged, or somebody else added it",
);
/// A part of a certificate that its owner did not bind.
pub(crate) const UNBOUND: Code = Code::new(
    "keyring.unbound",
    "a user ID or subkey is not bound by the certificate's own key and is left out: anybody may have added it",
);
/// Packets that verifying does not need.
pub(crate) const LEFT_OUT: Code = Code::new(
    "keyring.left-out",
    "signatures by others, pictures or parts of unknown kinds were left out of a keyring that was written",
);
/// A revocation that is kept.
pub(crate) const REVOKED: Code = Code::new(
    "keyring.revoked",
    "a certificate in the keyring is revoked, or a part of it is; the revocation is kept",
);
/// Nothing would be left.
pub(crate) const EMPTY: Code = Code::new(
    "keyring.empty",
    "no certificate would be left: an empty keyring is written only where that is asked for",
);
/// Filtering takes something away that somebody may miss.
pub(crate) const DROPPED: Code = Code::new(
    "keyring.dropped",
    "a filter drops something that somebody may miss: old signatures by it cannot be verified any more, or a revocation goes with it",
);
/// A certificate that a Web Key Directory cannot hold.
pub(crate) const NO_ADDRESS: Code = Code::new(
    "keyring.no-address",
    "a certificate or user ID has no plain mail address of the domain, under which a Web Key Directory could serve it",
);
/// A certificate that was not there before.
pub(crate) const CERTIFICATE_ADDED: Code = Code::new(
    "keyring.diff.certificate-added",
    "a certificate is new: whoever takes the keyring trusts it from then on",
);
/// A certificate that is not there any more.
pub(crate) const CERTIFICATE_GONE: Code = Code::new(
    "keyring.diff.certificate-gone",
    "a certificate is gone: what it signed cannot be verified any more",
);
/// A new subkey.
pub(crate) const KEY_ADDED: Code =
    Code::new("keyring.diff.key-added", "a certificate has a new subkey");
/// A subkey that is not there any more.
pub(crate) const KEY_GONE: Code = Code::new(
    "keyring.diff.key-gone",
    "a subkey is gone: what it signed cannot be verified any more",
);
/// Another expiry.
pub(crate) const EXPIRY: Code = Code::new(
    "keyring.diff.expiry",
    "a key expires at another time than before",
);
/// A new revocation.
pub(crate) const REVOCATION_ADDED: Code = Code::new(
    "keyring.diff.revoked",
    "a certificate, subkey or user ID is revoked that was not",
);
/// A revocation that is not there any more.
pub(crate) const REVOCATION_GONE: Code = Code::new(
    "keyring.diff.revocation-gone",
    "a revocation is gone: whoever has only this keyring trusts again what its owner withdrew",
);
/// A picture that came or went.
pub(crate) const PICTURE: Code = Code::new(
    "keyring.diff.picture",
    "a picture or another user attribute is new or gone; no client of packages looks at one",
);
/// A new self-signature.
pub(crate) const SELF_SIGNATURE_ADDED: Code = Code::new(
    "keyring.diff.self-signature-added",
    "a self-signature was made anew",
);
/// A self-signature that is not there any more.
pub(crate) const SELF_SIGNATURE_GONE: Code = Code::new(
    "keyring.diff.self-signature-gone",
    "an old self-signature is gone: clients that judge a certificate as of the day of a signature, such as rpm, reject what was signed then",
);
/// Another user ID.
pub(crate) const USER_ID: Code =
    Code::new("keyring.diff.user-id", "a user ID was added or is gone");
/// What a key may be used for.
pub(crate) const USE: Code = Code::new(
    "keyring.diff.use",
    "a key may be used for something else than before",
);
/// A key that could sign, or now can.
pub(crate) const STATE: Code = Code::new(
    "keyring.diff.state",
    "a key could sign before and cannot any more, or the other way round",
);
