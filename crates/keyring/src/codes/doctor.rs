//! The codes of what ails certificates.

use pkgseal_repo::Code;

/// A self-signature that clients no longer count.
pub(crate) const WEAK_SELF_SIGNATURE: Code = Code::new(
    "doctor.weak-self-signature",
    "a user ID or the key itself is bound by MD5, SHA-1, RIPEMD-160 or SHA-224 only, which clients stop counting: apt with sqv from 2026-02-01, Sequoia from 2023-02-01",
);
/// A binding signature that clients no longer count.
pub(crate) const WEAK_BINDING: Code = Code::new(
    "doctor.weak-binding",
    "a subkey is bound by MD5, SHA-1, RIPEMD-160 or SHA-224 only: clients take the subkey for none of the certificate's",
);
/// A back-signature that clients no longer count.
pub(crate) const WEAK_BACK_SIGNATURE: Code = Code::new(
    "doctor.weak-back-signature",
    "a signing subkey signed back by MD5, SHA-1, RIPEMD-160 or SHA-224: clients count nothing it signs",
);
/// No back-signature.
pub(crate) const NO_BACK_SIGNATURE: Code = Code::new(
    "doctor.no-back-signature",
    "a signing subkey did not sign back (no primary key binding signature): clients count nothing it signs",
);
/// A back-signature by another key or over something else.
pub(crate) const BAD_BACK_SIGNATURE: Code = Code::new(
    "doctor.bad-back-signature",
    "the back-signature of a signing subkey does not verify: clients count nothing it signs",
);
/// A mend that stopped half way.
pub(crate) const HALF_MENDED: Code = Code::new(
    "doctor.half-mended",
    "some self-signatures were renewed with a strong digest and others forgotten: clients still refuse what the forgotten parts carry",
);
/// Strong today, weak in the past.
pub(crate) const WEAK_HISTORY: Code = Code::new(
    "doctor.weak-history",
    "the newest self-signature is strong, but only weak ones were in force earlier: clients that ask about the time of a signature (sqv, apt with sqv) refuse what was signed then",
);
/// The mended certificate lies somewhere else.
pub(crate) const UNPUBLISHED: Code = Code::new(
    "doctor.unpublished",
    "another copy of the certificate is mended and this one is not: whoever reads this one is no better off",
);
/// A version 3 self-signature.
pub(crate) const OLD_SELF_SIGNATURE: Code = Code::new(
    "doctor.old-self-signature",
    "a part of the certificate is bound by a version 3 signature only, which clients stop counting",
);
/// Nothing binds a part.
pub(crate) const UNBOUND: Code = Code::new(
    "doctor.unbound",
    "a user ID or subkey carries no self-signature that verifies: clients ignore it",
);
/// The primary was renewed and the subkey was not.
pub(crate) const SUBKEY_FORGOTTEN: Code = Code::new(
    "doctor.subkey-forgotten",
    "the signing subkey expired though the certificate lives: the primary key was renewed and the subkey forgotten",
);
/// An expired certificate.
pub(crate) const EXPIRED: Code = Code::new(
    "doctor.expired",
    "the primary key expired, and with it every subkey, whatever their own expiry says",
);
/// No key flags.
pub(crate) const NO_KEY_FLAGS: Code = Code::new(
    "doctor.no-key-flags",
    "a self-signature does not say what the key is for: gpg guesses from the algorithm, Sequoia takes it that it may do nothing",
);
/// No features.
pub(crate) const NO_FEATURES: Code = Code::new(
    "doctor.no-features",
    "the certificate does not say which features it supports, which matters to encryption only",
);
/// A critical subpacket nobody knows.
pub(crate) const CRITICAL: Code = Code::new(
    "doctor.critical-unknown",
    "a self-signature carries a critical subpacket or notation that is not understood here, which voids it",
);
/// From the future.
pub(crate) const FUTURE: Code = Code::new(
    "doctor.future-self-signature",
    "a self-signature says it was made in the future: clients ignore it until then",
);
/// No user ID.
pub(crate) const NO_USER_ID: Code = Code::new(
    "doctor.no-user-id",
    "the certificate has no user ID: gpg refuses to import it",
);
/// Never expires.
pub(crate) const NO_EXPIRY: Code = Code::new(
    "doctor.no-expiry",
    "a signing key never expires: if it is lost, nothing ends its life",
);
/// Small or outdated key.
pub(crate) const WEAK_KEY: Code = Code::new(
    "doctor.weak-key",
    "the key itself is too weak (DSA, or RSA below 2048 bits), or will be before long: no self-signature can mend that, only another key",
);
/// A weak revocation.
pub(crate) const WEAK_REVOCATION: Code = Code::new(
    "doctor.weak-revocation",
    "a revocation uses a digest that clients stop counting: to them the key is not revoked any more",
);
/// Revoked.
pub(crate) const REVOKED: Code = Code::new(
    "doctor.revoked",
    "the certificate or its signing key is revoked, which nothing mends",
);
/// Nothing signs.
pub(crate) const CANNOT_SIGN: Code = Code::new(
    "doctor.cannot-sign",
    "no key of the certificate is meant to sign files",
);
/// A certificate of the old keyring is missing.
pub(crate) const LOST_CERTIFICATE: Code = Code::new(
    "prove.certificate-lost",
    "a certificate of the old keyring is not in the new one",
);
/// A part of a certificate is missing.
pub(crate) const LOST_PART: Code = Code::new(
    "prove.part-lost",
    "a subkey or user ID of the old certificate is not in the new one",
);
/// What was revoked comes back.
pub(crate) const LOST_REVOCATION: Code = Code::new(
    "prove.revocation-lost",
    "a revocation is not in the new certificate: what was revoked comes back",
);
/// A picture with a weak self-signature.
pub(crate) const PICTURE: Code = Code::new(
    "doctor.picture",
    "a self-signature on a picture or another user attribute uses a digest that is out of use: no client of packages looks at it, and it is left as it is",
);
/// A self-signature is missing.
pub(crate) const LOST_SELF_SIGNATURE: Code = Code::new(
    "prove.self-signature-lost",
    "a self-signature of the old certificate is not in the new one: rpm and sqv ask for what was in force when a file was signed",
);
/// A consumer takes the old one only.
pub(crate) const LOST_CONSUMER: Code = Code::new(
    "prove.consumer-lost",
    "a client counts what the old certificate signs, and not what the new one does",
);
/// A consumer takes the new one only.
pub(crate) const GAINED_CONSUMER: Code = Code::new(
    "prove.consumer-gained",
    "a client that did not count what the old certificate signs counts what the new one does",
);
/// A signature that only the old certificate verifies.
pub(crate) const LOST_SIGNATURE: Code = Code::new(
    "prove.signature-lost",
    "a signature verifies with the old certificate and not with the new one",
);
/// A signature that only the new certificate verifies.
pub(crate) const GAINED_SIGNATURE: Code = Code::new(
    "prove.signature-gained",
    "a signature verifies with the new certificate and did not with the old one",
);
/// A certificate or part that is new.
pub(crate) const NEW_PART: Code = Code::new(
    "prove.part-added",
    "the new keyring has a certificate, subkey or user ID that the old one has not",
);
/// A signature that nobody of these made.
pub(crate) const NEITHER: Code = Code::new(
    "prove.signature-neither",
    "a signature verifies with neither the old certificate nor the new one",
);
/// There was nothing to prove.
pub(crate) const NOTHING_PROVEN: Code = Code::new(
    "prove.nothing",
    "no signature was found that verifies with the old certificate: nothing is proven",
);
