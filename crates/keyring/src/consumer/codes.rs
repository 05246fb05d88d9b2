//! The codes of what consumers say. Part of the public contract; extended, never renamed.

use pkgseal_repo::Code;

macro_rules! codes {
    ($($name:ident = $id:literal, $meaning:literal;)*) => {
        $(
            #[doc = concat!("`", $id, "`: ", $meaning, ".")]
            pub const $name: Code = Code::new($id, $meaning);
        )*
    };
}

codes! {
    EXPIRED = "consumer.expired", "the key, or the certificate it belongs to, has expired for this consumer: extend it and publish the certificate again";
    REVOKED = "consumer.revoked", "the key, or the certificate it belongs to, is revoked";
    NOT_YET_VALID = "consumer.not-yet-valid", "the key is of the future";
    UNBOUND = "consumer.unbound", "the key is not validly bound to its certificate: no self-signature, or the subkey did not sign back";
    WEAK_SELF_SIGNATURE = "consumer.weak-self-signature", "the certificate's self-signatures use a digest this consumer does not take (SHA-1): renew them";
    WEAK_KEY = "consumer.weak-key", "the key's algorithm or size is one this consumer does not take";
    NO_KEY_FLAGS = "consumer.no-key-flags", "no self-signature says what the primary key may do, and the consumer does not take that for a permission to sign";
    NO_SIGNING_KEY = "consumer.no-signing-key", "no key of the certificate is meant to sign";
    NOT_IMPORTED = "consumer.not-imported", "the consumer does not import the certificate, or loses this key when it does";
    FORM = "consumer.form", "the consumer does not find the certificate in the file: wrong name, form or line ends";
    SOON = "consumer.soon", "the consumer accepts it and has said from when on it will not";
    LENIENT = "consumer.lenient", "the consumer takes what a careful one would not";
}
