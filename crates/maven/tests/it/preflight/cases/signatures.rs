//! Signatures and who made them.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    vec![
        after(
            "unsigned jar",
            |d| remove(d, "lib-1.0.jar.asc"),
            codes::CENTRAL_SIGNATURE_MISSING,
            "Missing signature for file: lib-1.0.jar",
        ),
        after(
            "unsigned POM",
            |d| remove(d, "lib-1.0.pom.asc"),
            codes::CENTRAL_SIGNATURE_MISSING,
            "Missing signature for file: lib-1.0.pom",
        ),
        after(
            "unsigned Gradle metadata",
            |d| remove(d, "lib-1.0.module.asc"),
            codes::CENTRAL_SIGNATURE_MISSING,
            "Missing signature for file: lib-1.0.module",
        ),
        after(
            "unsigned sources",
            |d| remove(d, "lib-1.0-sources.jar.asc"),
            codes::CENTRAL_SIGNATURE_MISSING,
            "Missing signature for file: lib-1.0-sources.jar",
        ),
        after(
            "empty signature",
            |d| write(d, "lib-1.0.jar.asc", ""),
            codes::CENTRAL_SIGNATURE_INVALID,
            "Invalid signature for file: lib-1.0.jar",
        ),
        after(
            "no signature at all",
            |d| write(d, "lib-1.0.jar.asc", "hello"),
            codes::CENTRAL_SIGNATURE_INVALID,
            "Invalid signature for file: lib-1.0.jar",
        ),
        after(
            "a binary signature",
            |d| {
                let asc = fs::read(at(d, "lib-1.0.jar.asc")).unwrap();
                write(d, "lib-1.0.jar.asc", [&[0x88][..], &asc].concat());
            },
            codes::CENTRAL_SIGNATURE_INVALID,
            "Invalid signature for file: lib-1.0.jar",
        ),
        after(
            "half a signature",
            |d| {
                let asc = fs::read(at(d, "lib-1.0.jar.asc")).unwrap();
                write(d, "lib-1.0.jar.asc", asc.split_at(asc.len() / 2).0);
            },
            codes::CENTRAL_SIGNATURE_INVALID,
            "Invalid signature for file: lib-1.0.jar",
        ),
        after(
            "the signature of another file",
            |d| {
                let asc = fs::read(at(d, "lib-1.0.pom.asc")).unwrap();
                write(d, "lib-1.0.jar.asc", asc);
            },
            codes::CENTRAL_SIGNATURE_INVALID,
            "Invalid signature for file: lib-1.0.jar",
        ),
        after(
            "a signature over an older file",
            |d| {
                write(d, "lib-1.0.module", "{\"new\":1}");
                for (digest, name) in [(Digest::Md5, "md5"), (Digest::Sha1, "sha1")] {
                    write(
                        d,
                        &format!("lib-1.0.module.{name}"),
                        digest.hex(b"{\"new\":1}"),
                    );
                }
            },
            codes::CENTRAL_SIGNATURE_INVALID,
            "Invalid signature for file: lib-1.0.module",
        ),
        after(
            "an unpublished key",
            |d| {
                resign(d, "lib-1.0.jar", "stranger", &RawOptions::at(keys::SIGNED));
            },
            codes::CENTRAL_KEY_NOT_FOUND,
            "Invalid signature for file: lib-1.0.jar.asc - Could not find a public key by the key fingerprint",
        ),
    ]
}
