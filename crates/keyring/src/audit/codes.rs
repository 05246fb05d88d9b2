//! The codes of audits. Part of the public contract; extended, never renamed.

use pkgseal_repo::Code;

macro_rules! codes {
    ($($name:ident = $id:literal, $meaning:literal;)*) => {
        $(
            #[doc = concat!("`", $id, "`: ", $meaning, ".")]
            pub const $name: Code = Code::new($id, $meaning);
        )*
        /// All of them.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    ARMOR_IN_GPG = "keyring.armor-in-gpg", "the file is armored and named .gpg, which apt before 2.9 takes for binary: it finds no key in it";
    BINARY_IN_ASC = "keyring.binary-in-asc", "the file is binary and named .asc, which apt before 2.9 takes for armored: it finds no key in it";
    CRLF = "keyring.crlf", "the armor has line ends of Windows, by which apt before 2.9 finds no key in it";
    MODE = "keyring.not-readable", "the file is not readable by everyone, and apt reads keys as the user _apt";
    WRITABLE = "keyring.writable-by-everyone", "everyone on the machine may write the file, and so decide whom it trusts";
    EXPOSED = "keyring.secret-key-exposed", "a secret key lies where everyone can read it: treat it as compromised";
    SEVERAL_BLOCKS = "keyring.several-blocks", "the file holds several armored blocks, of which some programs read the first only";
    EMPTY = "keyring.empty", "the file is empty: the download or the export behind it failed";
    WEB_PAGE = "keyring.web-page", "the file is a web page, not a key: the download went wrong";
    TRUNCATED = "keyring.truncated", "the file ends in the middle of a key: the download or the copy was cut off";
    DANGLING = "keyring.dangling-link", "a symbolic link leads to a file that does not exist";
    V6_HIDES = "keyring.v6-hides-others", "a certificate of OpenPGP version 6 in a keyring hides those behind it, and the one before it, from gpg and gpgv up to 2.4, and so from apt before 2.9: put it into a file of its own";
    STALE = "keyring.stale-copy", "an older copy of the same certificate lies beside a newer one, and programs that find it first miss the newer one's extension or revocation";
    DIVERGED = "keyring.diverging-copies", "copies of the same certificate each have something the other lacks: merge them";
    OTHER_DATA = "keyring.not-a-certificate", "the file holds something else than OpenPGP certificates";
    STATE_EXPIRED = "certificate.expired", "the certificate, or every key in it that signs, has expired: extend it and publish it again";
    STATE_REVOKED = "certificate.revoked", "the certificate, or every key in it that signs, is revoked as compromised or without a reason";
    STATE_RETIRED = "certificate.retired", "the certificate, or every key in it that signs, is revoked as superseded or retired";
    STATE_FUTURE = "certificate.not-yet-valid", "the certificate is of the future";
    STATE_WEAK_KEY = "certificate.weak-key", "the primary key or a signing key is of an algorithm or a size that is out of use";
    STATE_WEAK_BINDING = "certificate.weak-self-signature", "a self-signature that counts uses a digest that is out of use (SHA-1): renew it";
    STATE_NO_BACK_SIGNATURE = "certificate.no-back-signature", "a signing subkey has not signed back that it belongs to the certificate: anybody could have adopted it";
    STATE_UNBOUND = "certificate.unbound-key", "a key has no valid signature that binds it to the certificate";
    STATE_BARE = "certificate.bare", "the certificate is nothing but keys: no self-signature says when it expires or what it may do";
    STATE_NO_SIGNING_KEY = "certificate.no-signing-key", "no key of the certificate is meant to sign";
}
