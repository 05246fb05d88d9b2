//! The codes this crate raises. Part of the public contract; extended, never renamed.

use pkgseal_repo::Code;

/// A checksum beside a file is not the file's.
pub const CHECKSUM_MISMATCH: Code = Code::new(
    "maven.checksum-mismatch",
    "a file is not what the checksum beside it says: one of the two was damaged or replaced",
);
/// A checksum file is not one.
pub const CHECKSUM_MALFORMED: Code = Code::new(
    "maven.checksum-malformed",
    "a checksum file holds no checksum of the right length, or that of another file",
);
/// A file's name and its folder disagree.
pub const COORDINATES: Code = Code::new(
    "maven.coordinates-mismatch",
    "a file stands in the folder of a version, but its name is of another artifact or version",
);
/// A signature or checksum without its file.
pub const ORPHAN: Code = Code::new(
    "maven.orphan",
    "a signature or checksum stands without the file it belongs to",
);
/// The list of versions is not signed.
pub const METADATA_UNSIGNED: Code = Code::new(
    "maven.metadata-unsigned",
    "maven-metadata.xml is not signed: nothing vouches for the list of versions",
);
/// Files that are no artifacts.
pub const OUTSIDE: Code = Code::new(
    "maven.outside-layout",
    "files outside the repository layout, which no coordinates name, were not verified",
);
/// A link to a folder.
pub const LINKED_FOLDER: Code = Code::new(
    "maven.linked-folder",
    "a link to a folder inside the repository was not followed, and what Maven finds through it was not verified",
);
/// A POM is not one.
pub const POM_MALFORMED: Code = Code::new(
    "maven.pom-malformed",
    "a signed POM is no well-formed POM, or does not say what it is",
);
/// A POM at another's place.
pub const POM_MISMATCH: Code = Code::new(
    "maven.pom-mismatch",
    "a signed POM stands at another artifact's or version's path: it was swapped or moved",
);
/// There is nothing to verify.
pub const EMPTY: Code = Code::new(
    "maven.empty",
    "the folder holds no artifact in the repository layout, so there is nothing to accept",
);

/// Nothing had to be done.
pub const ALREADY_SIGNED: Code = Code::new(
    "maven.already-signed",
    "files whose signature by this key was good already were left as they are",
);

/// A bundle is no plain zip archive: what one reader finds in it another may not.
pub const BUNDLE_MALFORMED: Code = Code::new(
    "maven.bundle.malformed",
    "a bundle is no plain zip archive: what one reader finds in it another may not",
);
/// A bundle holds a name twice, and readers differ in which of the two they take.
pub const BUNDLE_DUPLICATE: Code = Code::new(
    "maven.bundle.duplicate",
    "a bundle holds a name twice, and readers differ in which of the two they take",
);
/// A bundle is larger than Maven Central takes.
pub const BUNDLE_LARGE: Code = Code::new(
    "maven.central.too-large",
    "a bundle is larger than Maven Central takes",
);
/// Maven Central asks for an .asc beside every file, and there is none.
pub const CENTRAL_SIGNATURE_MISSING: Code = Code::new(
    "maven.central.signature-missing",
    "Maven Central asks for an .asc beside every file, and there is none",
);
/// Maven Central would reject the .asc: it is malformed, or not of this file.
pub const CENTRAL_SIGNATURE_INVALID: Code = Code::new(
    "maven.central.signature-invalid",
    "Maven Central would reject the .asc: it is malformed, or not of this file",
);
/// Maven Central could not find the signer's certificate on its key servers, or it is not in the keyring that was given.
pub const CENTRAL_KEY_NOT_FOUND: Code = Code::new(
    "maven.central.key-not-found",
    "Maven Central could not find the signer's certificate on its key servers, or it is not in the keyring that was given",
);
/// No keyring was given, so nobody knows whether Maven Central would take the signatures.
pub const CENTRAL_SIGNATURE_UNCHECKED: Code = Code::new(
    "maven.central.signature-unchecked",
    "no keyring was given, so nobody knows whether Maven Central would take the signatures",
);
/// Maven Central asks for an .md5 and an .sha1 beside every file, and one is missing.
pub const CENTRAL_CHECKSUM_MISSING: Code = Code::new(
    "maven.central.checksum-missing",
    "Maven Central asks for an .md5 and an .sha1 beside every file, and one is missing",
);
/// Maven Central would reject a checksum: it is malformed, or not of this file.
pub const CENTRAL_CHECKSUM_INVALID: Code = Code::new(
    "maven.central.checksum-invalid",
    "Maven Central would reject a checksum: it is malformed, or not of this file",
);
/// Maven Central asks for a -sources.jar beside anything but a POM.
pub const CENTRAL_SOURCES: Code = Code::new(
    "maven.central.sources-missing",
    "Maven Central asks for a -sources.jar beside anything but a POM",
);
/// Maven Central asks for a -javadoc.jar beside anything but a POM.
pub const CENTRAL_JAVADOC: Code = Code::new(
    "maven.central.javadoc-missing",
    "Maven Central asks for a -javadoc.jar beside anything but a POM",
);
/// The file that the POM's packaging promises is not there.
pub const CENTRAL_MAIN: Code = Code::new(
    "maven.central.artifact-missing",
    "the file that the POM's packaging promises is not there",
);
/// Maven Central asks for a POM in the folder of every version, and there is none.
pub const CENTRAL_POM_MISSING: Code = Code::new(
    "maven.central.pom-missing",
    "Maven Central asks for a POM in the folder of every version, and there is none",
);
/// Maven Central would reject the POM: it cannot be read, or is of other coordinates than its path.
pub const CENTRAL_POM_INVALID: Code = Code::new(
    "maven.central.pom-invalid",
    "Maven Central would reject the POM: it cannot be read, or is of other coordinates than its path",
);
/// Maven Central asks for a name in the POM itself.
pub const CENTRAL_NAME: Code = Code::new(
    "maven.central.name-missing",
    "Maven Central asks for a name in the POM itself",
);
/// Maven Central asks for a description in the POM or its parents.
pub const CENTRAL_DESCRIPTION: Code = Code::new(
    "maven.central.description-missing",
    "Maven Central asks for a description in the POM or its parents",
);
/// Maven Central asks for a url in the POM or its parents.
pub const CENTRAL_URL: Code = Code::new(
    "maven.central.url-missing",
    "Maven Central asks for a url in the POM or its parents",
);
/// Maven Central asks for a license in the POM or its parents.
pub const CENTRAL_LICENSE: Code = Code::new(
    "maven.central.license-missing",
    "Maven Central asks for a license in the POM or its parents",
);
/// Maven Central asks for developers in the POM or its parents.
pub const CENTRAL_DEVELOPERS: Code = Code::new(
    "maven.central.developers-missing",
    "Maven Central asks for developers in the POM or its parents",
);
/// Maven Central asks for an scm section with its url in the POM or its parents.
pub const CENTRAL_SCM: Code = Code::new(
    "maven.central.scm-missing",
    "Maven Central asks for an scm section with its url in the POM or its parents",
);
/// Maven Central asks for a version of every dependency.
pub const CENTRAL_DEPENDENCY: Code = Code::new(
    "maven.central.dependency-version-missing",
    "Maven Central asks for a version of every dependency",
);
/// A POM inherits from one that is not here, so what Maven Central finds there is not known.
pub const CENTRAL_PARENT: Code = Code::new(
    "maven.central.parent-unknown",
    "a POM inherits from one that is not here, so what Maven Central finds there is not known",
);
/// A snapshot goes to the snapshot repository, not into a release.
pub const CENTRAL_SNAPSHOT: Code = Code::new(
    "maven.central.snapshot",
    "a snapshot goes to the snapshot repository, not into a release",
);
/// Maven Central writes maven-metadata.xml itself; it does not belong into a bundle.
pub const CENTRAL_METADATA: Code = Code::new(
    "maven.central.metadata",
    "Maven Central writes maven-metadata.xml itself; it does not belong into a bundle",
);
/// A file has no place in the layout of a release, or belongs to no other file.
pub const CENTRAL_SURPLUS: Code = Code::new(
    "maven.central.surplus",
    "a file has no place in the layout of a release, or belongs to no other file",
);
/// A file called jar, war or aar is no zip archive, which Maven Central cannot process.
pub const CENTRAL_ARCHIVE: Code = Code::new(
    "maven.central.not-an-archive",
    "a file called jar, war or aar is no zip archive, which Maven Central cannot process",
);
/// A primary key signed though its certificate has a signing subkey, which clients that pin keys will miss.
pub const PRIMARY_SIGNED: Code = Code::new(
    "maven.primary-key-signed",
    "a primary key signed though its certificate has a signing subkey, which clients that pin keys will miss",
);

/// A trust file is not what it should be, and nothing of it was used.
pub const TRUST_MALFORMED: Code = Code::new(
    "maven.trust.malformed",
    "a trust file is not what it should be, and nothing of it was used",
);
/// A trust file says something that the other form cannot say; it was left out, never widened.
pub const TRUST_LOST: Code = Code::new(
    "maven.trust.lost",
    "a trust file says something that the other form cannot say; it was left out, never widened",
);
/// A keyring holds a bare key without self-signatures: it can be pinned, and nothing else of it can be checked.
pub const TRUST_PINNED: Code = Code::new(
    "maven.trust.pinned-key",
    "a keyring holds a bare key without self-signatures: it can be pinned, and nothing else of it can be checked",
);
/// A signing subkey was named beside its primary key, since Gradle asks for the key that signed.
pub const TRUST_SUBKEY: Code = Code::new(
    "maven.trust.subkey-added",
    "a signing subkey was named beside its primary key, since Gradle asks for the key that signed",
);
/// A file was not signed well enough to learn from.
pub const TRUST_UNTAUGHT: Code = Code::new(
    "maven.trust.not-learned",
    "a file was not signed well enough to learn from",
);
/// A file is signed, or unsigned, in another way than the trust file allows for its coordinates.
pub const TRUST_FORBIDDEN: Code = Code::new(
    "maven.trust.forbidden",
    "a file is signed, or unsigned, in another way than the trust file allows for its coordinates",
);
/// The trust file lets a file pass that nothing good vouches for.
pub const TRUST_TOLERATED: Code = Code::new(
    "maven.trust.tolerated",
    "the trust file lets a file pass that nothing good vouches for",
);
/// The trust file says nothing of a file's coordinates.
pub const TRUST_UNMENTIONED: Code = Code::new(
    "maven.trust.unmentioned",
    "the trust file says nothing of a file's coordinates",
);
/// A file is not what the trust file's checksum says.
pub const TRUST_CHECKSUM: Code = Code::new(
    "maven.trust.checksum-mismatch",
    "a file is not what the trust file's checksum says",
);
/// A file is not signed, which the policy lets pass.
pub const UNSIGNED: Code = Code::new(
    "maven.unsigned",
    "a file is not signed, which the policy lets pass",
);
/// A file in Gradle's cache is not what the name of its folder says.
pub const GRADLE_DIGEST: Code = Code::new(
    "maven.gradle.digest-mismatch",
    "a file in Gradle's cache is not what the name of its folder says",
);

/// A line of a list is none.
pub const SUMS_MALFORMED: Code = Code::new(
    "sums.malformed",
    "a list of checksums has a line that coreutils does not write, or that readers take differently",
);
/// A list of several algorithms, or of another one than its name promises.
pub const SUMS_MIXED: Code = Code::new(
    "sums.mixed",
    "a list of checksums mixes algorithms, or is by another one than its name says",
);
/// A name stands twice in a list.
pub const SUMS_DUPLICATE: Code = Code::new(
    "sums.duplicate",
    "a list of checksums names a file twice, and readers differ in which of the two they take",
);
/// A list of nothing.
pub const SUMS_EMPTY: Code = Code::new(
    "sums.empty",
    "a list of checksums names no file, so it vouches for nothing",
);
/// A list that nobody signed.
pub const SUMS_UNSIGNED: Code = Code::new(
    "sums.unsigned",
    "a list of checksums is not signed: anyone could have written it, so it was not read",
);
/// A list and its signed copy differ, or a signature beside it was left aside.
pub const SUMS_DIFFER: Code = Code::new(
    "sums.differ",
    "a list of checksums and the signed copy of it beside it are not the same",
);
/// A link to a folder in a plain folder.
pub const FILES_LINKED: Code = Code::new(
    "files.linked-folder",
    "a link to a folder was not followed, and what stands behind it was not verified",
);
/// Certificates beside what they are to verify.
pub const FILES_CERTIFICATE: Code = Code::new(
    "files.certificate",
    "a file of certificates stands among what was verified: it vouches for nothing, and was not used",
);
/// Nothing that anybody vouches for.
pub const FILES_EMPTY: Code = Code::new(
    "files.empty",
    "the folder holds no file that anybody vouches for, so there is nothing to accept",
);

/// All of them, for the manual.
pub const ALL: &[Code] = &[
    ALREADY_SIGNED,
    TRUST_MALFORMED,
    TRUST_LOST,
    TRUST_PINNED,
    TRUST_SUBKEY,
    TRUST_UNTAUGHT,
    TRUST_FORBIDDEN,
    TRUST_TOLERATED,
    TRUST_UNMENTIONED,
    TRUST_CHECKSUM,
    UNSIGNED,
    GRADLE_DIGEST,
    BUNDLE_MALFORMED,
    BUNDLE_DUPLICATE,
    BUNDLE_LARGE,
    CENTRAL_SIGNATURE_MISSING,
    CENTRAL_SIGNATURE_INVALID,
    CENTRAL_KEY_NOT_FOUND,
    CENTRAL_SIGNATURE_UNCHECKED,
    CENTRAL_CHECKSUM_MISSING,
    CENTRAL_CHECKSUM_INVALID,
    CENTRAL_SOURCES,
    CENTRAL_JAVADOC,
    CENTRAL_MAIN,
    CENTRAL_POM_MISSING,
    CENTRAL_POM_INVALID,
    CENTRAL_NAME,
    CENTRAL_DESCRIPTION,
    CENTRAL_URL,
    CENTRAL_LICENSE,
    CENTRAL_DEVELOPERS,
    CENTRAL_SCM,
    CENTRAL_DEPENDENCY,
    CENTRAL_PARENT,
    CENTRAL_SNAPSHOT,
    CENTRAL_METADATA,
    CENTRAL_SURPLUS,
    CENTRAL_ARCHIVE,
    PRIMARY_SIGNED,
    CHECKSUM_MISMATCH,
    CHECKSUM_MALFORMED,
    COORDINATES,
    ORPHAN,
    METADATA_UNSIGNED,
    OUTSIDE,
    LINKED_FOLDER,
    POM_MALFORMED,
    POM_MISMATCH,
    EMPTY,
    SUMS_MALFORMED,
    SUMS_MIXED,
    SUMS_DUPLICATE,
    SUMS_EMPTY,
    SUMS_UNSIGNED,
    SUMS_DIFFER,
    FILES_LINKED,
    FILES_CERTIFICATE,
    FILES_EMPTY,
];
