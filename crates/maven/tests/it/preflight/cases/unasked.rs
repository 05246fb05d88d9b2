//! What Central does not ask.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    vec![
        after(
            "a key expired since",
            |d| {
                resign(d, "lib-1.0.jar", "expired", &RawOptions::at(keys::SIGNED));
            },
            signature::KEY_EXPIRED_NOW,
            UNASKED,
        ),
        after(
            "a key expired when it signed",
            |d| {
                resign(d, "lib-1.0.jar", "expired", &RawOptions::at("2025-06-15"));
            },
            signature::KEY_EXPIRED_AT_SIGNING,
            UNASKED,
        ),
        after(
            "a subkey expired under a live certificate",
            |d| {
                resign(
                    d,
                    "lib-1.0.jar",
                    "subkey-expired",
                    &RawOptions::at("2025-06-15"),
                );
            },
            signature::KEY_EXPIRED_AT_SIGNING,
            UNASKED,
        ),
        after(
            "a revoked key",
            |d| {
                resign(
                    d,
                    "lib-1.0.jar",
                    "revoked-hard",
                    &RawOptions::at(keys::SIGNED),
                );
            },
            signature::KEY_REVOKED,
            UNASKED,
        ),
        after(
            "a retired key",
            |d| {
                resign(
                    d,
                    "lib-1.0.jar",
                    "revoked-soft",
                    &RawOptions::at("2025-08-01"),
                );
            },
            signature::KEY_REVOKED_SOFT,
            UNASKED,
        ),
        after(
            "SHA-1",
            |d| {
                let options = RawOptions::at(keys::SIGNED).hash(Hash::Sha1);
                resign(d, "lib-1.0.jar", "good-rsa2048", &options);
            },
            signature::WEAK_DIGEST,
            UNASKED,
        ),
        after(
            "a key of 1024 bits",
            |d| {
                resign(d, "lib-1.0.jar", "rsa1024", &RawOptions::at(keys::SIGNED));
            },
            signature::WEAK_KEY,
            UNASKED,
        ),
        after(
            "a certificate bound by SHA-1",
            |d| {
                resign(
                    d,
                    "lib-1.0.jar",
                    "sha1-binding",
                    &RawOptions::at(keys::SIGNED),
                );
            },
            signature::WEAK_BINDING,
            UNASKED,
        ),
        after(
            "a primary key where a subkey should",
            |d| {
                let options = RawOptions::at(keys::SIGNED).with(keys::With::Primary);
                resign(d, "lib-1.0.jar", "good", &options);
            },
            codes::PRIMARY_SIGNED,
            UNASKED,
        ),
        after(
            "a subkey that did not sign back",
            |d| {
                resign(
                    d,
                    "lib-1.0.jar",
                    "no-backsig",
                    &RawOptions::at(keys::SIGNED),
                );
            },
            signature::KEY_UNBOUND,
            UNASKED,
        ),
    ]
}
