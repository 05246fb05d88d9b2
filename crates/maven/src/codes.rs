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

/// All of them, for the manual.
pub const ALL: &[Code] = &[
    ALREADY_SIGNED,
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
];
