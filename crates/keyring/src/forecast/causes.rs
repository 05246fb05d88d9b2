//! The codes of causes. Part of the public contract; extended, never renamed.

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
    KEY_EXPIRES = "forecast.key-expires", "the key that signs expires, or its primary key does: extend it, and publish the certificate in time";
    VALID_UNTIL = "forecast.valid-until", "the Valid-Until of a suite comes: it has to be published anew before";
    BEGINS = "forecast.begins", "a date before which something does not count: a suite's Date, or when a signature or a key was made";
    SIGNATURE_EXPIRES = "forecast.signature-expires", "a signature carries an expiry of its own: sign anew before";
    POLICY = "forecast.policy", "from that day on the consumer's policy no longer accepts an algorithm: in a signature, a self-signature or a key";
    CERTIFICATE = "forecast.certificate", "a self-signature or a revocation of the certificate begins or ends to count";
    OTHER = "forecast.other", "no date explains it: the consumer's own reason is given";
    UNKNOWN_SIGNER = "forecast.unknown-signer", "no certificate of whoever signed is at hand, so that nothing can be foretold";
    NOTHING_SIGNED = "forecast.nothing-signed", "there is no signed root and no certificate, so that there is nothing to foretell";
}
