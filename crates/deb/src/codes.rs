//! The codes this crate raises. Part of the public contract; extended, never renamed.

use pkgseal_repo::Code;

macro_rules! codes {
    ($($name:ident = $id:literal, $meaning:literal;)*) => {
        $(pub(crate) const $name: Code = Code::new($id, $meaning);)*
        /// All codes of this crate, for the manual.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    DEB_NOT_ARCHIVE = "deb.not-an-archive", "the file does not begin as an ar archive, so it is no Debian package";
    DEB_TRUNCATED = "deb.truncated", "the package ends in the middle of a member or its header: an interrupted download";
    DEB_HEADER = "deb.header", "a member's header is not canonical: other readers may see another name or size";
    DEB_PADDING = "deb.padding", "the byte after a member of odd size is not the newline the format asks for";
    DEB_ORDER = "deb.member-order", "members do not stand in the order debian-binary, control.tar, data.tar, signatures";
    DEB_DUPLICATE = "deb.duplicate-member", "a member stands twice: readers differ on which one counts";
    DEB_UNKNOWN = "deb.unknown-member", "a member that no Debian package has: the signature does not cover it, and readers treat it differently";
    DEB_MISSING = "deb.missing-member", "debian-binary, control.tar or data.tar is missing";
    DEB_EMPTY = "deb.empty-member", "a member that must hold something is empty";
    DEB_VERSION = "deb.format-version", "the member debian-binary does not say exactly 2.0";
    DEB_COMPRESSION = "deb.compression", "a member's content is not compressed as its name says: readers may go by either";
    DEB_BUILD = "deb.build", "a package cannot be built as asked for: a value that dpkg would not take, or files in each other's way";
    DEB_UNSIGNED = "deb.unsigned", "the package carries no signature that can be judged; most Debian packages carry none and are vouched for by their repository";
    DEB_POLICY_ORIGIN = "deb.policy.no-origin", "the package has no debsigs signature of the role origin, by which policies are found";
    DEB_POLICY_UNKNOWN = "deb.policy.unknown-origin", "there are no policies for the key of the package's origin signature";
    DEB_POLICY_NONE = "deb.policy.not-applicable", "a policy is not for this package, or no policy is";
    DEB_POLICY_MALFORMED = "deb.policy.malformed", "a policy file is not what debsig-verify's format asks for: another reader may take it for something else";
    DEB_POLICY_KEY_ID = "deb.policy.key-id", "a policy names a key by key ID or user ID, which identify nobody";
    DEB_POLICY_KEYRING = "deb.policy.keyring", "a keyring that a policy names is missing, or no binary OpenPGP keyring";
    DEB_POLICY_RULE = "deb.policy.rule", "the package does not do what a rule of its policy asks";
    DEB_POLICY_EXPIRED = "deb.policy.expired", "a signature is older than its policy allows (Expiry)";
    DEB_POLICY_PASSED = "deb.policy.passed", "the package passes a policy of its origin";
    DEB_REMOVED = "deb.signature-removed", "a signature member was taken out of the package";
    DEB_DPKG_SIG = "deb.dpkg-sig", "a signature in the dpkg-sig format: it binds the contents by MD5 and SHA-1 only, and counts for nothing beside others";
    DPKG_SIG_WEAK = "deb.dpkg-sig.collision-weak", "nothing but MD5 and SHA-1 binds the contents to the signature, and both can be made to collide";
    DPKG_SIG_MALFORMED = "deb.dpkg-sig.malformed", "the signed list is not what dpkg-sig writes, or stands under another role's name";
    DPKG_SIG_MISMATCH = "deb.dpkg-sig.mismatch", "the package's members are not those of the signed list, each once, with their sizes and digests";
    DPKG_SIG_HASH_LINE = "deb.dpkg-sig.hash-line", "nfpm's way: a line Hash and an empty one begin the signed text, where they mean nothing";
    DPKG_SIG_BYTES = "deb.dpkg-sig.byte-array", "old nfpm's way: digests are written as arrays of bytes, which dpkg-sig does not read";
    DPKG_SIG_NAME = "deb.dpkg-sig.member-name", "nfpm's way: the data member is called data.tar.gz however it is compressed; dpkg-sig looks for that name";
    DPKG_SIG_SLASH = "deb.dpkg-sig.slash", "old dpkg-sig's way: a member is listed with the slash that GNU ar puts behind names";
    DEB_CONTROL_ARCHIVE = "deb.control-archive", "control.tar does not hold one control file in the way all readers agree on: it does not decompress, a member stands twice, is no plain file, or lies in a folder";
    DEB_CONTROL_MALFORMED = "deb.control-malformed", "the package's control file is no single deb822 paragraph, or a field of it breaks its grammar";
    DEB_CONTROL_DUPLICATE = "deb.control-duplicate-field", "a field stands twice in the package's control file: readers differ on which one counts";
    DEB_CONTROL_MISSING = "deb.control-missing-field", "the package's control file lacks Package, Version, Architecture or Description";

    RELEASE_MISSING = "apt.release.missing", "there is no InRelease and no Release";
    RELEASE_UNSIGNED = "apt.release.unsigned", "a Release without Release.gpg and InRelease, or a Release.gpg without its Release";
    RELEASE_SIGNATURE_FORM = "apt.release.signature-form", "a Release.gpg that apt does not read: binary, or with empty lines around its armored blocks";
    RELEASE_TEXTS = "apt.release.texts-differ", "InRelease and Release are different texts: a half-finished publication, or an attempt to show clients different lists";
    RELEASE_MALFORMED = "apt.release.malformed", "the Release breaks the deb822 grammar: clients may read something else, or nothing";
    RELEASE_DUPLICATE_FIELD = "apt.release.duplicate-field", "a field stands twice: some readers take the first, some the last";
    RELEASE_FIELD_CASE = "apt.release.field-case", "a field's name is spelt with unusual case: some readers will miss it";
    RELEASE_HASH_LINE = "apt.release.hash-line", "a line of a hash list is no digest, size and path";
    RELEASE_DUPLICATE_HASH = "apt.release.duplicate-hash", "a path stands twice in one hash list";
    RELEASE_CONTRADICTION = "apt.release.contradiction", "hash lists give different sizes for one path";
    RELEASE_WEAK = "apt.release.weak-hashes", "the Release lists no SHA-256 or SHA-512: nothing binds its indices";
    RELEASE_SELF = "apt.release.lists-itself", "the Release lists itself or its own signature, which can never be right; clients ignore it";
    RELEASE_SUITE = "apt.release.other-suite", "the Release is of another suite than its folder is named after: a mistaken mirror, or someone passing one suite off as another; clients warn";
    RELEASE_DATE = "apt.release.date", "Date or Valid-Until is missing or is no date clients can read";
    RELEASE_FUTURE = "apt.release.not-yet-valid", "the Release is dated in the future: a wrong clock here or there";
    RELEASE_EXPIRED = "apt.release.expired", "the Release is past its Valid-Until: a stale mirror, an abandoned suite, or someone replaying an old state";
    RELEASE_TOO_OLD = "apt.release.too-old", "the Release is older than the longest age asked for: a mirror nobody updates, or someone who withholds what is new";
    RELEASE_IDENTITY = "apt.release.identity", "the Release does not say of itself what is expected: another Suite, Codename, Origin or Label, or a component less";
    RELEASE_GENERATION = "apt.release.mixed-generations", "InRelease, Release and Release.gpg are of different publications: a mirror caught in the middle of an update";

    INDEX_MISSING = "apt.index.missing", "none of an index's listed variants is there, and what it lists cannot be verified";
    INDEX_ABSENT = "apt.index.not-mirrored", "listed indices whose whole folder is absent: a partial mirror, by choice or not";
    INDEX_VARIANT = "apt.index.variant-absent", "listed compressions of an index that are not there, while another one of each is: normal";
    INDEX_ADVERTISED = "apt.index.advertised", "listed files that are on offer only, such as Contents or Translation, and are not there";
    INDEX_GENERATION = "apt.index.other-generation", "an index is whole, but not the one that the Release lists: a stale index under a new Release, or the other way round";
    INDEX_CONTENT = "apt.index.content-mismatch", "an index does not decompress to what the Release lists for it: its variants are different texts";
    INDEX_COMPRESSION = "apt.index.compression", "an index does not decompress";
    INDEX_MALFORMED = "apt.index.malformed", "an index breaks the deb822 grammar, or an entry lacks what identifies its file";
    INDEX_DUPLICATE_FIELD = "apt.index.duplicate-field", "a field stands twice in one entry of an index: readers differ on which one counts";

    PUBLISH_COMPLETED = "apt.publish.completed", "a publication that an earlier process had left unfinished was completed";
    PUBLISH_UNLISTED = "apt.publish.unlisted", "an index is to be published that its Release does not list: no client would ever use it";
    SOURCES_MALFORMED = "apt.sources.malformed", "a sources file breaks its grammar, or has a field or option that is not known here";
    SOURCES_VALUE = "apt.sources.value", "a value of a sources entry that clients would not read, or read differently";
    SOURCES_CONFLICT = "apt.sources.conflict", "two sources entries for one suite ask for different signers: apt refuses both";
    SOURCES_KEY = "apt.sources.certificate", "a certificate for a sources entry that clients could not use";
    CLIENT_VERDICT = "apt.client.verdict", "what a named client would do with the signed root of a suite";
    CLIENT_DIFFERS = "apt.client.differs", "a named client would decide otherwise than pkgseal does";
    CLIENT_MISSING = "apt.client.missing", "a client finds no InRelease and no Release, or one that is larger than it takes";
    CLIENT_UNSIGNED = "apt.client.unsigned", "a client finds a Release without Release.gpg";
    CLIENT_SPLIT = "apt.client.split", "a client cannot take the InRelease apart into text and signatures";
    CLIENT_SIGNATURE_FILE = "apt.client.signature-file", "a client takes a Release.gpg of armored signatures and nothing else";
    CLIENT_UNREADABLE = "apt.client.unreadable-signature", "a client cannot read the signatures, and gives up";
    CLIENT_BAD = "apt.client.bad-signature", "a client finds a bad signature by a certificate it knows, and gives up";
    CLIENT_NO_GOOD = "apt.client.no-good-signature", "a client counts none of the signatures as good";
    CLIENT_NOT_ASKED = "apt.client.other-signer", "a client finds good signatures, but none by those its sources entry asks for";
    CLIENT_SIGNED_BY = "apt.client.signed-by", "a client cannot read the Signed-By of its sources entry";
    CLIENT_KEY_FILE = "apt.client.key-file", "a client cannot use a key file as it lies there";
    CLIENT_SOON = "apt.client.soon", "a client warns that it will not accept such a signature for long";
    CLIENT_WEAK = "apt.client.weak-release", "a client says that the repository provides only weak security information: no strong list, or a Release it cannot read";
    CLIENT_DATE = "apt.client.date", "a client warns that it cannot read the Date, and goes on without";
    CLIENT_EXPIRED = "apt.client.expired", "a client finds the Release past its Valid-Until";
    CLIENT_FUTURE = "apt.client.not-yet-valid", "a client finds the Release dated in the future";
    CLIENT_SUITE = "apt.client.other-suite", "a client warns that the Release is of another suite than it asked for";
    CLIENT_UNMATCHABLE = "apt.client.unmatchable", "a client takes the Release over, and fails at a file that cannot match what is listed for it";

    MAKE_OPTION = "apt.make.option", "a value to be written into a Release is none that clients can read";
    MAKE_EMPTY = "apt.make.nothing-to-index", "there is nothing to make indices or a Release of";
    MAKE_COMPONENT = "apt.make.no-component", "a package lies at the top of the pool, in no component's folder";
    MAKE_DUPLICATE = "apt.make.duplicate-package", "two files are the same version of the same package and hold different things: clients would install either";
    MAKE_SOURCE = "apt.make.source", "a .dsc breaks its grammar, or a file it lists is missing or differs";
    MAKE_CHANGED = "apt.make.changed", "a file changed while it was read: an upload is under way";
    MAKE_CACHE = "apt.make.cache", "what was remembered of an earlier run is damaged or of another version, and was put aside: everything is read again";
    MAKE_CURRENT = "apt.make.nothing-changed", "the pool and the options are those of the last run, so nothing was written";

    BY_HASH_MISSING = "apt.by-hash.missing", "an index is not there under its strongest digest, though the Release announces by-hash: clients ask for it there first";
    BY_HASH_INCOMPLETE = "apt.by-hash.incomplete", "indices are not there under their weaker digests";
    BY_HASH_ABSENT = "apt.by-hash.absent", "folders have no by-hash, though the Release announces it: clients fall back to names, and meet half-finished updates";
    BY_HASH_CONTENT = "apt.by-hash.content", "a file below by-hash is not what its name says";
    BY_HASH_OLD = "apt.by-hash.old-generations", "files below by-hash that the Release lists no more: kept for clients in the middle of an update";

    PDIFF_MALFORMED = "apt.pdiff.malformed", "the Index of a folder of patches breaks its grammar, or its lists do not fit one another";
    PDIFF_CURRENT = "apt.pdiff.current", "patches lead to another index than the one the Release lists";
    PDIFF_ABSENT = "apt.pdiff.patch-absent", "listed patches to an index are not there: clients fetch the whole index instead";
    SUMS_MALFORMED = "apt.installer.malformed", "the installer's SHA256SUMS is no list of digests and paths";

    PACKAGE_FIELDS = "apt.package.other-fields", "a package's control file says something else than its stanza in Packages: clients decide by one and install the other";
    SOURCE_FIELDS = "apt.source.other-fields", "a .dsc says something else than its stanza in Sources";

    POOL_SURPLUS = "apt.pool.surplus", "the files of the pool that no signed list mentions, and the bytes they take up";

    TREE_SUITE = "apt.tree.suite-missing", "a suite that was asked for is not there";
    TREE_PART = "apt.tree.part-missing", "a component or architecture that was asked for is in no suite";
    REFRESH_DATES = "apt.refresh.dates", "a suite got new dates and new signatures; nothing else of it changed";
    REFRESH_YOUNG = "apt.refresh.young", "a suite was left as it is, because it is dated less long ago than was asked for";
    REFRESH_BACKWARDS = "apt.refresh.backwards", "new dates would be older than those that stand there: clients would keep the newer Release";
    REFRESH_CHANGED = "apt.refresh.changed", "a Release that is only to be dated anew would change in other places too";

    LINT_ARMOR_BLOCKS = "apt.lint.armor-blocks", "an InRelease holds several blocks of signatures: debootstrap reads the first only";
    LINT_ARMOR_LINE = "apt.lint.armor-line", "a line of a signature block is longer than older readers take";
    LINT_SIZE = "apt.lint.size", "a Release comes near the size that apt refuses";
    LINT_BLANKS = "apt.lint.trailing-blanks", "a line ends in a blank, on which signers and readers of clearsigned text differ";
    LINT_DASH = "apt.lint.dash", "a line begins with a dash: in an InRelease it is escaped, and not every reader undoes that";
    LINT_NO_END = "apt.lint.no-newline", "the last line has no end";
    LINT_BY_HASH = "apt.lint.by-hash", "Acquire-By-Hash is announced in a way clients do not read, or what it announces is not there";
    LINT_AUTOMATIC = "apt.lint.automatic", "ButAutomaticUpgrades stands without NotAutomatic, and clients ignore it";
    LINT_NAMELESS = "apt.lint.nameless", "a field is missing by which people pin and clients notice another repository";
    LINT_ENDLESS = "apt.lint.no-valid-until", "without a Valid-Until clients cannot tell an old state from the current one";
    LINT_FAR_END = "apt.lint.valid-until-far", "Valid-Until lies so far ahead that it protects nobody";
    LINT_ZONE = "apt.lint.date-zone", "a date names UTC in a way that not every reader knows";
    LINT_SIGNED_BY = "apt.lint.signed-by", "Signed-By stands without Valid-Until, and apt ignores it";
    LINT_FINGERPRINT = "apt.lint.fingerprint", "Signed-By names a key in a form that apt refuses";
    LINT_SHA256 = "apt.lint.no-sha256", "a file is listed without SHA-256, the strongest digest that some clients know";
    LINT_UNEVEN = "apt.lint.uneven-lists", "a hash list leaves out files that another one has";
    LINT_SCOPE = "apt.lint.scope", "Components or Architectures are not those of the listed indices";
    LINT_ALL = "apt.lint.architecture-all", "what the Release says of packages for all architectures contradicts its indices";

    TREE_NO_SUITE = "apt.tree.no-suite", "there is no suite in the repository";

    UPLOAD_UNSIGNED = "upload.unsigned", "a .changes, .dsc or .buildinfo carries no signature: anybody can have written it";
    UPLOAD_BUILDINFO_UNSIGNED = "upload.buildinfo-unsigned", "a .buildinfo carries no signature of its own; the signed .changes vouches for it by its digest";
    UPLOAD_MALFORMED = "upload.malformed", "a .changes, .dsc or .buildinfo breaks the deb822 grammar, or is more than one paragraph";
    UPLOAD_DUPLICATE_FIELD = "upload.duplicate-field", "a field stands twice: readers differ on which one counts";
    UPLOAD_FIELD_CASE = "upload.field-case", "a field's name is spelt with unusual case: some readers will miss it";
    UPLOAD_MISSING_FIELD = "upload.missing-field", "a field is missing without which no archive takes an upload, or no files are listed";
    UPLOAD_FIELD_VALUE = "upload.field-value", "a field's value is not what Debian's policy allows there";
    UPLOAD_FORMAT = "upload.format", "the field Format names a version that is not known here";
    UPLOAD_DISTRIBUTION = "upload.distribution", "a .changes goes to exactly one distribution, and this one names several";
    UPLOAD_FILE_LINE = "upload.file-line", "a line of a file list is no digest, size and name";
    UPLOAD_FILE_NAME = "upload.file-name", "a listed file's name could be taken for a path, an option or a command";
    UPLOAD_DUPLICATE_FILE = "upload.duplicate-file", "a file stands twice in one file list";
    UPLOAD_LISTS_DIFFER = "upload.lists-differ", "the file lists of one document do not name the same files with the same sizes";
    UPLOAD_WEAK = "upload.weak-hashes", "files are listed by MD5 and SHA-1 only: nothing binds them";
    UPLOAD_UNKNOWN_CHECKSUMS = "upload.unknown-checksums", "a list of digests that cannot be checked, and could not be kept right when signing";
    UPLOAD_NAME = "upload.name-mismatch", "a file's name says otherwise than the Source, Version, Package or Architecture inside";
    UPLOAD_SOURCE = "upload.source", "source is announced and not there, there and not announced, or there twice";
    UPLOAD_BINARY = "upload.not-announced", "a package that the fields Binary or Architecture do not name";
    UPLOAD_PACKAGE = "upload.package-mismatch", "a package's own control file names another source or source version than the upload";
    UPLOAD_FIELDS_DIFFER = "upload.fields-differ", "the .changes and a document it lists name different sources or versions: they are of different builds";
    UPLOAD_OTHER_SIGNER = "upload.other-signer", "a document inside the upload is signed by somebody else than the .changes";
    UPLOAD_TOO_OLD = "upload.too-old", "the signature is older than uploads may be: possibly an old upload sent again";
    UPLOAD_INCOMPLETE = "upload.incomplete", "the source needs a file that the .changes does not bring along, and that no earlier upload can have brought";
    UPLOAD_NOT_INCLUDED = "upload.not-included", "files that a document lists are neither part of this upload nor beside it, and were not looked at";
    UPLOAD_UNFINISHED = "upload.unfinished", "signing was cut off while the signed documents were put in place: some may be signed and some not";
    UPLOAD_UPSTREAM_UNKNOWN = "upload.upstream-not-judged", "a tarball's upstream signature was not judged, as no certificate for it is at hand";
    UPLOAD_UPSTREAM_ORPHAN = "upload.upstream-without-tarball", "an upstream signature is listed, and the tarball it would be of is not";
}
