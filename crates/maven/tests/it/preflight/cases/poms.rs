//! What a POM says.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    vec![
        before(
            "no name",
            |d| pom(d, "<name>test artifact</name>", ""),
            codes::CENTRAL_NAME,
            "Project name is missing",
        ),
        before(
            "an empty name",
            |d| pom(d, "<name>test artifact</name>", "<name> </name>"),
            codes::CENTRAL_NAME,
            "Project name is missing",
        ),
        before(
            "no description",
            |d| pom(d, "<description>It holds nothing of use.</description>", ""),
            codes::CENTRAL_DESCRIPTION,
            "Project description is missing",
        ),
        before(
            "no url",
            |d| pom(d, &format!("  {URL}\n  <licenses>"), "  <licenses>"),
            codes::CENTRAL_URL,
            "Project URL is not defined",
        ),
        before(
            "no license",
            |d| pom(d, LICENSES, ""),
            codes::CENTRAL_LICENSE,
            "License information is missing",
        ),
        before(
            "a license without a name",
            |d| pom(d, LICENSES, "<licenses><license/></licenses>"),
            codes::CENTRAL_LICENSE,
            "License information is missing",
        ),
        before(
            "no developers",
            |d| pom(d, DEVELOPERS, ""),
            codes::CENTRAL_DEVELOPERS,
            "Developers information is missing",
        ),
        before(
            "an empty list of developers",
            |d| pom(d, DEVELOPERS, "<developers/>"),
            codes::CENTRAL_DEVELOPERS,
            "Developers information is missing",
        ),
        before(
            "no scm url",
            |d| pom(d, &format!("    {URL}\n  </scm>"), "  </scm>"),
            codes::CENTRAL_SCM,
            "SCM URL is not defined",
        ),
        before(
            "no scm connection",
            |d| {
                pom(
                    d,
                    "<connection>scm:git:https://test.invalid/</connection>",
                    "",
                );
            },
            codes::CENTRAL_SCM,
            "scm with connection, developerConnection and url",
        ),
        before(
            "a dependency without a version",
            |d| {
                let dependency = "<dependencies><dependency><groupId>g</groupId>\
                <artifactId>a</artifactId></dependency></dependencies></project>";
                pom(d, "</project>", dependency);
            },
            codes::CENTRAL_DEPENDENCY,
            "every dependency has a version",
        ),
        before(
            "a POM of another version",
            |d| pom(d, "<version>1.0</version>", "<version>1.1</version>"),
            codes::CENTRAL_POM_INVALID,
            "coordinates in the POM are those of the path",
        ),
        before(
            "a POM of another group",
            |d| pom(d, "org.example", "org.other"),
            codes::CENTRAL_POM_INVALID,
            "coordinates in the POM are those of the path",
        ),
        before(
            "a POM that cannot be read",
            |d| pom(d, "</project>", ""),
            codes::CENTRAL_POM_INVALID,
            "coordinates in the POM are those of the path",
        ),
        before(
            "a POM with a document type",
            |d| {
                pom(
                    d,
                    "<project xmlns",
                    "<!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]><project xmlns",
                );
            },
            codes::CENTRAL_POM_INVALID,
            "coordinates in the POM are those of the path",
        ),
        before(
            "a snapshot",
            |d| {
                let folder = "org/example/lib/2.0-SNAPSHOT";
                let pom = fs::read_to_string(at(d, "lib-1.0.pom")).unwrap();
                let pom = pom
                    .replace("1.0<", "2.0-SNAPSHOT<")
                    .replace(">jar<", ">pom<");
                put(d, &format!("{folder}/lib-2.0-SNAPSHOT.pom"), pom);
            },
            codes::CENTRAL_SNAPSHOT,
            "the version does not end in -SNAPSHOT",
        ),
    ]
}
