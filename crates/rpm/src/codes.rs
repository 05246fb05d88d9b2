//! The codes packages and yum repositories raise. Part of the public contract;
//! extended, never renamed.

use pkgseal_repo::Code;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub(crate) const $name: Code = Code::new($id, $meaning);)*
        /// All codes of this crate, for the manual.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    NOT_A_PACKAGE = "rpm.not-a-package", "the file does not begin like an RPM package";
    TRUNCATED = "rpm.truncated", "the file ends inside a header: a download or copy was cut short";
    FORMAT = "rpm.unsupported-format", "the package declares a format newer than this program knows";
    LEAD = "rpm.lead.not-canonical", "the lead (the first 96 bytes, covered by no signature) contradicts the signed header or has bytes where zeros belong";
    HEADER = "rpm.header.malformed", "a header's index is broken: an entry points outside, overlaps another, or has an impossible type or count";
    HEADER_REGION = "rpm.header.region", "a header has no immutable region or one that does not span it, so that unsigned entries could hide in it";
    HEADER_DUPLICATE = "rpm.header.duplicate-tag", "the main header holds a tag twice; readers differ in which one they take";
    HEADER_UNSORTED = "rpm.header.unsorted", "the main header's tags are not in order";
    HEADER_SIGNATURE_TAG = "rpm.header.signature-tag", "the main header holds a tag that belongs to the signature header and would shadow it";
    SIGNATURE_HEADER_DUPLICATE = "rpm.signature-header.duplicate-tag", "the signature header holds a tag twice; readers differ in which one they take";
    SIGNATURE_HEADER_UNSORTED = "rpm.signature-header.unsorted", "the signature header's tags are not in order";
    SIGNATURE_HEADER_UNKNOWN = "rpm.signature-header.unknown-tag", "the signature header, which no signature covers, holds a tag this program does not know";
    SIGNATURE_HEADER_TYPE = "rpm.signature-header.tag-type", "a tag of the signature header has another type or count than the format gives it";
    SIGNATURE_HEADER_NOT_V6 = "rpm.signature-header.tag-not-in-v6", "a version 6 package holds a signature-header tag of version 4; older readers would use it, newer ones ignore it";
    SIGNATURE_HEADER_DRIBBLE = "rpm.signature-header.outside-region", "signature-header entries stand outside the region; signing moves them inside";
    SIGNATURE_HEADER_REGION_TAG = "rpm.signature-header.region-tag", "the signature header's region ends in the obsolete tag 61";
    SIGNATURE_HEADER_GAP = "rpm.signature-header.gap", "the signature header holds bytes that belong to no entry; no signature covers them";
    PADDING = "rpm.signature-header.padding", "the padding after the signature header is not zero; no signature covers it";
    RESERVE = "rpm.signature-header.reserve", "the space reserved for signatures is not zero; no signature covers it";
    SIZE = "rpm.size-mismatch", "the file is shorter or longer than its signature header says";
    HEADER_DIGEST = "rpm.header.digest-mismatch", "a digest of the main header is not that of its content: the file is damaged or was changed";
    PAYLOAD_DIGEST = "rpm.payload.digest-mismatch", "a digest that covers the payload is not that of its content: the file is damaged or was changed";
    DIGEST_MALFORMED = "rpm.digest-malformed", "a digest the package carries is no digest of its algorithm";
    DIGEST_CASE = "rpm.digest-case", "a digest the package carries is written in upper case, which no builder does";
    DIGEST_MISSING = "rpm.digest-missing", "the package carries no digest that holds for its header or its payload";
    PAYLOAD_UNCOMPRESSED = "rpm.payload-uncompressed", "the payload is stored uncompressed; its digest of the uncompressed form holds";
    PAYLOAD_UNSIGNED = "rpm.payload-unsigned", "the signature covers the header, but nothing signed binds the payload with SHA-256 or better: the files inside could be anything";
    UNSIGNED = "rpm.unsigned", "the package carries no OpenPGP signature";
    MISPLACED = "rpm.signature.misplaced", "a signature stands in a tag for another algorithm or version, where some readers fail on it";
    SIGNATURE_ENCODING = "rpm.signature.encoding", "an element of the OPENPGP tag is not the base64 form of one signature";
    NOT_COUNTED = "rpm.signature.not-counted", "another signature decided; this one could not be counted";
    CLIENT_VERDICT = "rpm.client.verdict", "what the rpm of this release would do with the package";
    CLIENT_REJECTS = "rpm.client.rejects", "the rpm of this release rejects the package";
    CLIENT_DIFFERS = "rpm.client.differs", "the rpm of this release decides otherwise than pkgseal does";
    REMOVED = "rpm.signature-removed", "a signature was taken out of the package, as asked";
    UNFINISHED = "rpm.signing-unfinished", "signing the package in place was interrupted, and its head is half old and half new; the journal beside it completes it";
    COMPLETED = "rpm.signing-completed", "an interrupted signing in place was completed";
    OVERTAKEN = "rpm.signing-overtaken", "a package that an interrupted run was about is another one by now, or gone; it was left as it is";
    HARD_LINKS = "rpm.hard-links", "the package had other names (hard links); only this one names the signed package now";
    PLAN = "rpm.plan.malformed", "a plan of headers breaks its grammar: another first line, a broken entry, a wrong count, bytes behind the end";
    PLAN_DIGEST = "rpm.plan.digest-mismatch", "a header of a plan is not the one that the plan announces: it was damaged or exchanged on the way";
    SIGNATURE_LIST = "rpm.signature-list.malformed", "a list of signatures breaks its grammar: another first line, a broken entry, a wrong count, bytes behind the end";
    APPLY_HEADER = "rpm.apply.another-header", "the signature that came back is on another header: of another package, or of another build of it";
    APPLY_IDENTITY = "rpm.apply.another-package", "the signature header that came back carries another package's digests";
    APPLY_MISSING = "rpm.apply.no-signature", "no signature on the header of this package came back";
    APPLY_DROPPED = "rpm.apply.dropped", "the signature header that came back lacks an entry which the package had, and that entry is gone now";
    REPOMD = "yum.repomd.malformed", "repomd.xml breaks the strict grammar: a document type, a duplicate or missing field, an unsafe location";
    PRIMARY = "yum.primary.malformed", "the primary index breaks the strict grammar, or an entry is ambiguous";
    PRIMARY_COUNT = "yum.primary.count", "the primary index announces another number of packages than it lists";
    NO_PRIMARY = "yum.no-primary", "repomd.xml lists no primary index, so nothing vouches for the packages";
    UNSIGNED_REPOMD = "yum.unsigned", "there is no repomd.xml.asc beside repomd.xml";
    SEVERAL_SIGNATURES = "yum.several-signatures", "repomd.xml.asc holds more than one signature: dnf on Fedora 39 and RHEL 10 and later refuses it";
    ELSEWHERE = "yum.location-elsewhere", "a location points to another server (xml:base), so the file is not in this repository";
    OPEN_SIZE = "yum.open-size-mismatch", "a metadata file decompresses to another size than repomd.xml says";
    OPEN_DIGEST = "yum.open-checksum-mismatch", "a metadata file decompresses to other content than repomd.xml says";
    DECOMPRESSION = "yum.decompression", "a metadata file cannot be decompressed";
    PACKAGE_IDENTITY = "yum.package-identity", "a package is not the one the primary index describes: name, epoch, version, release or architecture differ";
    PRIMARY_TWICE = "yum.primary.listed-twice", "the primary index lists a package twice";
    PRIMARY_SAME_NAME = "yum.primary.same-name", "the primary index lists two packages of one name, version and architecture with different content; clients differ in which one they take";
    LIST = "yum.list.malformed", "filelists or other breaks the strict grammar";
    LIST_COUNT = "yum.list.count", "filelists or other announces another number of packages than it lists";
    LIST_TWICE = "yum.list.listed-twice", "filelists or other lists a package more often than the primary index";
    LIST_STRANGE = "yum.list.not-in-primary", "filelists or other lists a package that the primary index does not know: metadata of different generations";
    LIST_ABSENT = "yum.list.package-missing", "filelists or other leaves out a package of the primary index: metadata of different generations";
    LIST_IDENTITY = "yum.list.identity", "filelists or other gives a package another name, version or architecture than the primary index";
    ZCHUNK_HEADER = "yum.zchunk-header", "the header of a zchunk file is not the one that repomd.xml lists";
    PACKAGE_REPLACED = "yum.package-replaced", "a good signed package stands in place of the listed one of the same name and version: it was built or signed again after the metadata was made";
    FUTURE = "yum.repomd.future", "a metadata file is dated in the future: a wrong clock, here or where it was published";
    TOO_OLD = "yum.repomd.too-old", "repomd.xml was signed longer ago than asked for: a mirror that stopped, or an attacker who holds new packages back";
    ROLLBACK = "yum.repomd.rollback", "the repository is older than what was seen of it before: a mirror went back, or an attacker serves old packages";
    EQUIVOCATION = "yum.repomd.equivocation", "a revision that was seen before has other content now: different users may be shown different repositories";
    OTHER_SIGNERS = "yum.repomd.other-signers", "none of those who signed the repository before signed this one";
    SIGNATURE_GENERATION = "yum.signature-generation", "repomd.xml.asc is the signature of another generation than the repomd.xml beside it: not signed again, or caught in the middle of an update";
    DATA_GENERATION = "yum.data-generation", "a metadata file is whole, but that of another generation: mixed generations on a mirror";
    PUBLISHED_MEANWHILE = "yum.published-meanwhile", "repomd.xml or its signature changed while the repository was verified";
    UPDATE_RUNNING = "yum.update-running", "a working folder of createrepo_c is there: a run is under way, or one was killed";
    PARTIAL_SYNC = "yum.partial-sync", "listed metadata files are missing and others of the same kind are there: repomd.xml was mirrored before what it lists";
    METALINK = "yum.metalink.malformed", "a metalink breaks the strict grammar, or contradicts itself";
    METALINK_WEAK = "yum.metalink.weak-digest", "a metalink binds repomd.xml by MD5, SHA-1 or SHA-224 only";
    METALINK_URL = "yum.metalink.url", "a metalink names an address that is no repomd.xml on a web, FTP or rsync server";
    METALINK_OTHER = "yum.metalink.mismatch", "repomd.xml is none of the generations that the metalink names: a stale or broken mirror, or an old metalink";
    METALINK_ALTERNATE = "yum.metalink.older-generation", "repomd.xml is an older generation that the metalink still lets pass";
    SURPLUS = "yum.surplus", "the files that no signed list mentions, and the bytes they take up";
    MAKE_OPTION = "yum.make.option", "an option for making metadata contradicts another, or is none that clients could use";
    MAKE_EMPTY = "yum.make.nothing-to-index", "there is no package to list";
    MAKE_LINK = "yum.make.directory-link", "a link to a directory was not entered; packages behind it are not listed";
    MAKE_TEXT = "yum.make.unprintable", "a text of the package holds characters that no XML document can hold";
    MAKE_CHANGED = "yum.make.changed", "a package changed while it was read: an upload is under way";
    MAKE_CACHE = "yum.make.cache", "what was remembered of an earlier run is damaged or of another version, and was not used: everything is read again";
    MAKE_CURRENT = "yum.make.nothing-changed", "the packages and the options are those of the last run, so nothing was written";
    MAKE_LEFT_OUT = "yum.make.left-out", "metadata that is made of the packages, and that is not made here, was left out of the new repomd.xml";
    PUBLISH_COMPLETED = "yum.publish.completed", "a publication that an earlier process had left unfinished was completed";
    PUBLISH_UNSIGNED = "yum.publish.unsigned", "signed metadata would be replaced by unsigned metadata";
    HEADER_RANGE = "yum.header-range", "the primary index gives a wrong place for a package's header; clients that fetch only the header fail";
}
