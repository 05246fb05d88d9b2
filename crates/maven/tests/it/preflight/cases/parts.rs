//! What belongs to a release.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    vec![
        before(
            "no sources",
            |d| remove(d, "lib-1.0-sources.jar"),
            codes::CENTRAL_SOURCES,
            "Sources must be provided but not found in entries",
        ),
        before(
            "no javadoc",
            |d| remove(d, "lib-1.0-javadoc.jar"),
            codes::CENTRAL_JAVADOC,
            "Javadocs must be provided but not found in entries",
        ),
        before(
            "no jar",
            |d| remove(d, "lib-1.0.jar"),
            codes::CENTRAL_MAIN,
            "the files that the packaging promises",
        ),
        before(
            "a war that is none",
            |d| pom(d, ">jar<", ">war<"),
            codes::CENTRAL_MAIN,
            "the files that the packaging promises",
        ),
        before(
            "no POM",
            |d| remove(d, "lib-1.0.pom"),
            codes::CENTRAL_POM_MISSING,
            "a POM for every component",
        ),
        before(
            "an executable jar",
            |d| write(d, "lib-1.0.jar", "#!/bin/sh\nexec java -jar $0\n"),
            codes::CENTRAL_ARCHIVE,
            "No Archiver found for the stream signature",
        ),
        before(
            "a jar that is none",
            |d| write(d, "lib-1.0-javadoc.jar", "TBD"),
            codes::CENTRAL_ARCHIVE,
            "No Archiver found for the stream signature",
        ),
        after(
            "a list of versions",
            |d| put(d, "org/example/lib/maven-metadata.xml", "<metadata/>"),
            codes::CENTRAL_METADATA,
            "maven-metadata.xml is made by the server",
        ),
        after(
            "a file at the root",
            |d| put(d, "README.md", "hello"),
            codes::CENTRAL_SURPLUS,
            "a bundle follows the repository layout",
        ),
        after(
            "a file of another name",
            |d| write(d, "other-1.0.jar", "x"),
            codes::CENTRAL_SURPLUS,
            "a bundle follows the repository layout",
        ),
        after(
            "a signature without its file",
            |d| write(d, "lib-1.0.war.asc", "x"),
            codes::CENTRAL_SURPLUS,
            "a bundle follows the repository layout",
        ),
        after(
            "a Finder's droppings",
            |d| write(d, ".DS_Store", "x"),
            codes::CENTRAL_SURPLUS,
            "a bundle follows the repository layout",
        ),
        after(
            "a signed checksum",
            |d| write(d, "lib-1.0.jar.md5.asc", "x"),
            codes::CENTRAL_SURPLUS,
            "no signature is asked for checksums and signatures",
        ),
        after(
            "a signed signature",
            |d| write(d, "lib-1.0.jar.asc.asc", "x"),
            codes::CENTRAL_SURPLUS,
            "no signature is asked for checksums and signatures",
        ),
    ]
}
