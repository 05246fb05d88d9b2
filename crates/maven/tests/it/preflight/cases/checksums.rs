//! Checksums beside files.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    vec![
        after(
            "no md5",
            |d| remove(d, "lib-1.0.jar.md5"),
            codes::CENTRAL_CHECKSUM_MISSING,
            "Missing md5 checksum for file: lib-1.0.jar",
        ),
        after(
            "no sha1",
            |d| remove(d, "lib-1.0.pom.sha1"),
            codes::CENTRAL_CHECKSUM_MISSING,
            "Missing sha1 checksum for file: lib-1.0.pom",
        ),
        after(
            "sha256 replaces nothing",
            |d| {
                let jar = fs::read(at(d, "lib-1.0.jar")).unwrap();
                write(d, "lib-1.0.jar.sha256", Digest::Sha256.hex(&jar));
                remove(d, "lib-1.0.jar.sha1");
            },
            codes::CENTRAL_CHECKSUM_MISSING,
            "Missing sha1 checksum for file: lib-1.0.jar",
        ),
        after(
            "no checksum of Gradle metadata",
            |d| remove(d, "lib-1.0.module.md5"),
            codes::CENTRAL_CHECKSUM_MISSING,
            "Missing md5 checksum for file: lib-1.0.module",
        ),
        after(
            "wrong md5",
            |d| write(d, "lib-1.0.jar.md5", Digest::Md5.hex(b"other")),
            codes::CENTRAL_CHECKSUM_INVALID,
            "Invalid md5 checksum for file: lib-1.0.jar",
        ),
        after(
            "wrong sha1",
            |d| write(d, "lib-1.0-sources.jar.sha1", Digest::Sha1.hex(b"other")),
            codes::CENTRAL_CHECKSUM_INVALID,
            "Invalid sha1 checksum for file: lib-1.0-sources.jar",
        ),
        after(
            "wrong sha256",
            |d| write(d, "lib-1.0.jar.sha256", Digest::Sha256.hex(b"other")),
            codes::CENTRAL_CHECKSUM_INVALID,
            "Invalid sha256 checksum for file: lib-1.0.jar",
        ),
        after(
            "wrong sha512",
            |d| write(d, "lib-1.0.jar.sha512", Digest::Sha512.hex(b"other")),
            codes::CENTRAL_CHECKSUM_INVALID,
            "Invalid sha512 checksum for file: lib-1.0.jar",
        ),
        after(
            "empty md5",
            |d| write(d, "lib-1.0.jar.md5", ""),
            codes::CENTRAL_CHECKSUM_INVALID,
            "Invalid md5 checksum for file: lib-1.0.jar",
        ),
        after(
            "a web page for a checksum",
            |d| write(d, "lib-1.0.jar.sha1", "<html>404</html>"),
            codes::CENTRAL_CHECKSUM_INVALID,
            "Invalid sha1 checksum for file: lib-1.0.jar",
        ),
        after(
            "the checksum of another file",
            |d| {
                let pom = fs::read(at(d, "lib-1.0.pom")).unwrap();
                write(
                    d,
                    "lib-1.0.jar.md5",
                    format!("{}  lib-1.0.pom", Digest::Md5.hex(&pom)),
                );
            },
            codes::CENTRAL_CHECKSUM_INVALID,
            "Invalid md5 checksum for file: lib-1.0.jar",
        ),
        after(
            "the file changed after its checksums",
            |d| write(d, "lib-1.0.module", "{\"new\":1}"),
            codes::CENTRAL_CHECKSUM_INVALID,
            "Invalid sha1 checksum for file: lib-1.0.module",
        ),
    ]
}
