//! The codes of findings about keyrings. Part of the public contract; extended, never
//! renamed.

use pkgseal_repo::Code;

pub(crate) mod doctor;
pub(crate) mod tools;

use crate::{audit, consumer, forecast};

/// A certificate that cannot be used.
pub(crate) const UNUSABLE: Code = Code::new(
    "keyring.unusable",
    "a certificate in the file is damaged or of a kind that is not supported; the others are used",
);
/// A file without any certificate.
pub(crate) const NOTHING: Code = Code::new(
    "keyring.no-certificate",
    "there is no OpenPGP certificate in the file: it is something else, or empty",
);
/// GnuPG's own database.
pub(crate) const KEYBOX: Code = Code::new(
    "keyring.keybox",
    "the file is a GnuPG keybox, which apt, rpm and pkgseal do not read: export it",
);
/// A secret key where a public certificate belongs.
pub(crate) const SECRET: Code = Code::new(
    "keyring.secret-key",
    "the file holds a secret key: only its public certificate is used here, and only that should be published",
);
/// A trap of apt's.
pub(crate) const APT: Code = Code::new(
    "keyring.apt-ignores",
    "apt does not read the file though pkgseal does: wrong name, form, line ends or mode",
);
/// A Signed-By or gpgkey entry that leads nowhere.
pub(crate) const REFERENCE: Code = Code::new(
    "keyring.reference",
    "a sources entry names a keyring that is missing, or in a form that cannot be followed",
);
/// A file of a certificate directory under a wrong name.
pub(crate) const NAME: Code = Code::new(
    "keyring.wrong-name",
    "a file in an OpenPGP certificate directory is not named after the certificate in it",
);
/// Keys that their owner has retired.
pub(crate) const RETIRED: Code = Code::new(
    "keyring.retired",
    "a file of removed keys lies in a keyring directory and is left out; name it to use it",
);
/// A file that could not be read.
pub(crate) const UNREADABLE: Code = Code::new(
    "keyring.unreadable",
    "a keyring file could not be read: its certificates are missing",
);

/// A step that takes a repository away from clients.
pub(crate) const STRANDS: Code = Code::new(
    "rotate.strands",
    "the step would leave clients behind that the plan counts as still there",
);
/// A step before its time.
pub(crate) const EARLY: Code = Code::new(
    "rotate.too-early",
    "the step has an earliest date, and that is not reached",
);
/// A step before the one that comes first.
pub(crate) const ORDER: Code = Code::new(
    "rotate.order",
    "the steps are announce, dual-sign, hand-over and drop: one before is not done",
);
/// A key that dies before it may go.
pub(crate) const EXPIRES: Code = Code::new(
    "rotate.expires-too-soon",
    "a key expires while clients still depend on it",
);
/// A key that clients cannot use.
pub const UNFIT: Code = Code::new(
    "rotate.unfit-key",
    "clients that are served by the old key could not use the new one",
);
/// A keyring file without what clients should find in it.
pub const UNPUBLISHED: Code = Code::new(
    "rotate.keyring-not-published",
    "a keyring file that clients get does not hold what the plan says",
);
/// A repository that was signed past the plan.
pub const DRIFT: Code = Code::new(
    "rotate.signed-otherwise",
    "the repository is not signed by the keys that the plan has reached",
);
/// A client that is stranded, and is known to be.
pub(crate) const ACKNOWLEDGED: Code = Code::new(
    "rotate.stranded-knowingly",
    "the step leaves a client behind, and whoever ran it named that client",
);
/// A client that was left behind before.
pub(crate) const BEFORE: Code = Code::new(
    "rotate.stranded-before",
    "the client could not use the repository before the step either",
);

/// A key that stays expired after a change.
pub(crate) const LEFT_EXPIRED: Code = Code::new(
    "key.left-expired",
    "after the change a key that would have to be alive to sign is still expired",
);
/// A certificate that cannot sign after a change.
pub(crate) const NOTHING_SIGNS: Code = Code::new(
    "key.nothing-signs",
    "after the change no key of the certificate can sign",
);
/// A subkey that lives longer than the primary.
pub(crate) const OUTLIVES: Code = Code::new(
    "key.outlives-primary",
    "a subkey's own expiry is after its primary key's, which ends it",
);
/// An expiry that comes earlier than it did.
pub(crate) const SHORTENED: Code = Code::new(
    "key.shortened",
    "a key expires earlier than before the change, which only those learn who get the new certificate",
);
/// A revocation that reaches back.
pub(crate) const HARD_REVOCATION: Code = Code::new(
    "key.hard-revocation",
    "the revocation takes away what the key signed before it as well",
);
/// A revocation from now on.
pub(crate) const SOFT_REVOCATION: Code = Code::new(
    "key.soft-revocation",
    "the revocation leaves good what the key signed before it, where clients look at that time",
);
/// rpm does not update imported certificates.
pub(crate) const RPM_KEEPS: Code = Code::new(
    "key.rpm-keeps-old",
    "rpm before version 6 keeps a certificate as it was imported: a renewed one has to replace it",
);
/// gpg's copy of a certificate.
pub(crate) const GPG_KEEPS: Code = Code::new(
    "key.gpg-keeps-old",
    "a certificate was changed with a key of gpg-agent's, and gpg's own copy is as it was until the new one is imported",
);
/// A new subkey in a file of its own.
pub(crate) const SUBKEY_APART: Code = Code::new(
    "key.subkey-apart",
    "the primary key is no file, so a new subkey's secret is in a file of its own",
);
/// A revocation from the future.
pub(crate) const REVOKED_LATER: Code = Code::new(
    "key.revocation-later",
    "a revocation is dated later than now, and clients may not count it before",
);

/// All of them, for the manual.
pub const ALL: &[Code] = &[
    UNUSABLE,
    NOTHING,
    KEYBOX,
    SECRET,
    APT,
    REFERENCE,
    NAME,
    RETIRED,
    UNREADABLE,
    STRANDS,
    EARLY,
    ORDER,
    EXPIRES,
    UNFIT,
    UNPUBLISHED,
    DRIFT,
    ACKNOWLEDGED,
    BEFORE,
    consumer::EXPIRED,
    consumer::REVOKED,
    consumer::NOT_YET_VALID,
    consumer::UNBOUND,
    consumer::WEAK_SELF_SIGNATURE,
    consumer::WEAK_KEY,
    consumer::NO_KEY_FLAGS,
    consumer::NO_SIGNING_KEY,
    consumer::NOT_IMPORTED,
    consumer::FORM,
    consumer::SOON,
    consumer::LENIENT,
    tools::BAD_SELF_SIGNATURE,
    tools::UNBOUND,
    tools::LEFT_OUT,
    tools::REVOKED,
    tools::EMPTY,
    tools::DROPPED,
    tools::NO_ADDRESS,
    tools::CERTIFICATE_ADDED,
    tools::CERTIFICATE_GONE,
    tools::KEY_ADDED,
    tools::KEY_GONE,
    tools::EXPIRY,
    tools::REVOCATION_ADDED,
    tools::REVOCATION_GONE,
    tools::SELF_SIGNATURE_ADDED,
    tools::SELF_SIGNATURE_GONE,
    tools::USER_ID,
    tools::PICTURE,
    tools::USE,
    tools::STATE,
    LEFT_EXPIRED,
    NOTHING_SIGNS,
    OUTLIVES,
    SHORTENED,
    GPG_KEEPS,
    SUBKEY_APART,
    REVOKED_LATER,
    HARD_REVOCATION,
    SOFT_REVOCATION,
    RPM_KEEPS,
    doctor::WEAK_SELF_SIGNATURE,
    doctor::WEAK_BINDING,
    doctor::WEAK_BACK_SIGNATURE,
    doctor::NO_BACK_SIGNATURE,
    doctor::BAD_BACK_SIGNATURE,
    doctor::HALF_MENDED,
    doctor::WEAK_HISTORY,
    doctor::UNPUBLISHED,
    doctor::OLD_SELF_SIGNATURE,
    doctor::UNBOUND,
    doctor::SUBKEY_FORGOTTEN,
    doctor::EXPIRED,
    doctor::NO_KEY_FLAGS,
    doctor::NO_FEATURES,
    doctor::CRITICAL,
    doctor::FUTURE,
    doctor::NO_USER_ID,
    doctor::PICTURE,
    doctor::NO_EXPIRY,
    doctor::WEAK_KEY,
    doctor::WEAK_REVOCATION,
    doctor::REVOKED,
    doctor::CANNOT_SIGN,
    doctor::LOST_CERTIFICATE,
    doctor::LOST_PART,
    doctor::LOST_REVOCATION,
    doctor::LOST_SELF_SIGNATURE,
    doctor::LOST_CONSUMER,
    doctor::GAINED_CONSUMER,
    doctor::LOST_SIGNATURE,
    doctor::GAINED_SIGNATURE,
    doctor::NEW_PART,
    doctor::NEITHER,
    doctor::NOTHING_PROVEN,
    audit::codes::ARMOR_IN_GPG,
    audit::codes::BINARY_IN_ASC,
    audit::codes::CRLF,
    audit::codes::MODE,
    audit::codes::WRITABLE,
    audit::codes::EXPOSED,
    audit::codes::SEVERAL_BLOCKS,
    audit::codes::EMPTY,
    audit::codes::WEB_PAGE,
    audit::codes::TRUNCATED,
    audit::codes::DANGLING,
    audit::codes::V6_HIDES,
    audit::codes::STALE,
    audit::codes::DIVERGED,
    audit::codes::OTHER_DATA,
    audit::codes::STATE_EXPIRED,
    audit::codes::STATE_REVOKED,
    audit::codes::STATE_RETIRED,
    audit::codes::STATE_FUTURE,
    audit::codes::STATE_WEAK_KEY,
    audit::codes::STATE_WEAK_BINDING,
    audit::codes::STATE_NO_BACK_SIGNATURE,
    audit::codes::STATE_UNBOUND,
    audit::codes::STATE_BARE,
    audit::codes::STATE_NO_SIGNING_KEY,
    forecast::causes::KEY_EXPIRES,
    forecast::causes::VALID_UNTIL,
    forecast::causes::BEGINS,
    forecast::causes::SIGNATURE_EXPIRES,
    forecast::causes::POLICY,
    forecast::causes::CERTIFICATE,
    forecast::causes::OTHER,
    forecast::causes::UNKNOWN_SIGNER,
    forecast::causes::NOTHING_SIGNED,
];
