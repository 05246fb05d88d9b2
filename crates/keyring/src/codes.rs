//! The codes of findings about keyrings. Part of the public contract; extended, never
//! renamed.

use pkgseal_repo::Code;

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

/// All of them, for the manual.
pub const ALL: &[Code] = &[
    UNUSABLE, NOTHING, KEYBOX, SECRET, APT, REFERENCE, NAME, RETIRED, UNREADABLE,
];
