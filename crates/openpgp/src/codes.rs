//! The codes signatures raise. Part of the public contract; extended, never renamed.

use pkgseal_repo::Code;

macro_rules! codes {
    ($($name:ident = $id:literal, $meaning:literal;)*) => {
        $(
            #[doc = concat!("`", $id, "`: ", $meaning, ".")]
            pub const $name: Code = Code::new($id, $meaning);
        )*
        /// All codes of this crate, for the manual.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    NONE = "signature.none", "there is no signature where one is needed";
    BAD = "signature.bad", "the content is not what was signed: it was changed after signing, or the signature belongs to another file";
    MISSING_CERTIFICATE = "signature.missing-certificate", "no certificate at hand for the signer: import the right one, or the signer is unknown";
    NOT_ENOUGH = "signature.threshold", "fewer distinct certificates signed than the profile asks for";
    KEY_EXPIRED_AT_SIGNING = "signature.key-expired-at-signing", "the key had expired when it signed";
    KEY_EXTENDED_LATER = "signature.key-extended-later", "the key had expired when it signed, and was extended only afterwards, with effect for that time too";
    KEY_EXPIRED_NOW = "signature.key-expired", "the key was alive when it signed but has expired since";
    KEY_REVOKED = "signature.key-revoked", "the key is revoked as compromised or without a reason: nothing it ever signed counts";
    KEY_REVOKED_SOFT = "signature.key-retired", "the key is revoked as superseded or retired";
    KEY_NOT_YET_VALID = "signature.key-not-yet-valid", "the signature is older than the key that made it";
    KEY_NOT_FOR_SIGNING = "signature.key-not-for-signing", "the key may certify or encrypt but not sign data";
    KEY_UNBOUND = "signature.key-unbound", "the subkey is not validly bound to its certificate";
    KEY_HISTORY = "signature.key-history", "the certificate's self-signatures from the time of the signature are gone; a later one speaks for that time";
    KEY_PINNED = "signature.key-pinned", "the certificate is a bare key without any self-signature, as in Gradle's keyrings: expiry, revocation and binding cannot be checked";
    WEAK_NOW = "signature.weak-now", "the signature's algorithms were good enough when it was made, by its own word, and are not today";
    WEAK_DIGEST = "signature.weak-digest", "the signature's digest algorithm is below the profile";
    WEAK_KEY = "signature.weak-key", "the key's algorithm or size is below the profile";
    WEAK_BINDING = "signature.weak-binding", "the certificate's self-signatures use a digest below the profile (SHA-1)";
    NOT_YET_VALID = "signature.not-yet-valid", "the signature says it was made in the future";
    EXPIRED = "signature.expired", "the signature itself has expired";
    MALFORMED = "signature.malformed", "the signature is not well formed";
    UNSUPPORTED = "signature.unsupported", "the signature uses an algorithm or version that is not supported here";
    OLD_VERSION = "signature.old-version", "the signature packet is of a version below the profile (version 3)";
    WRONG_FORM = "signature.wrong-form", "the signature is of a kind that does not cover this file: a certification, or a text signature where bytes must be bound";
    NOT_ALLOWED = "signature.not-allowed", "a good signature by a certificate the profile does not list";
    CERTIFICATE_CANNOT_SIGN = "certificate.cannot-sign", "no key of the certificate can sign files now";
    CERTIFICATE_EXPIRES_SOON = "certificate.expires-soon", "a signing key expires within ninety days: extend it and publish the certificate again";
    CERTIFICATE_NO_EXPIRY = "certificate.no-expiry", "the certificate never expires: if the key is lost, nothing ends its life";
    CERTIFICATE_NO_USER_ID = "certificate.no-user-id", "the certificate has no user ID, which GnuPG refuses to import";
    CLEARTEXT = "cleartext.malformed", "the clearsigned message breaks the strict grammar: text outside the signed part, unknown headers, trailing blanks";
}
