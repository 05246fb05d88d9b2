//! BouncyCastle, what Gradle, pgpverify-maven-plugin and Maven Central verify with.

use std::path::Path;

use super::{Run, have, put, run, scratch};

/// Debian's libbcpg-java and libbcprov-java.
const JARS: [&str; 2] = ["/usr/share/java/bcpg.jar", "/usr/share/java/bcprov.jar"];

const PROGRAM: &str = include_str!("Peer.java");

/// One signature to verify: certificates (armored or binary), signature, data.
pub type Question<'a> = (&'a [u8], &'a [u8], &'a [u8]);

/// The class path, where everything is installed.
#[expect(clippy::print_stdout, reason = "tests tell what they skip")]
fn class_path() -> Option<String> {
    if let Some(missing) = JARS.iter().find(|jar| !Path::new(jar).is_file()) {
        assert!(
            std::env::var_os("CI").is_none(),
            "{missing} is not installed, and continuous integration needs it"
        );
        println!("SKIP: {missing} is not installed");
        return None;
    }
    have("javac")?;
    Some(JARS.join(":"))
}

fn program(folder: &Path, arguments: &[std::path::PathBuf], verb: &str) -> Option<Run> {
    let class_path = class_path()?;
    let source = put(folder, "Peer.java", PROGRAM);
    let mut command = have("java")?.command();
    command
        .args(["-cp", &class_path])
        .arg(source)
        .arg(verb)
        .args(arguments);
    Some(run(&mut command))
}

/// Asks about several signatures in one run of Java: for each, whether it verifies. It asks
/// for the mathematics alone, as Gradle and Maven Central do.
pub fn verify(questions: &[Question<'_>]) -> Option<Vec<bool>> {
    let folder = scratch();
    let mut arguments = Vec::new();
    for (number, (certificates, signature, data)) in questions.iter().enumerate() {
        arguments.push(put(folder.path(), &format!("{number}.cert"), certificates));
        arguments.push(put(folder.path(), &format!("{number}.asc"), signature));
        arguments.push(put(folder.path(), &format!("{number}.data"), data));
    }
    let answers = program(folder.path(), &arguments, "verify")?.expect_ok();
    let answers = String::from_utf8(answers.stdout).expect("UTF-8");
    Some(answers.lines().map(|line| line == "good").collect())
}

/// Signs data with the first key of an unprotected secret key that can sign, subkeys
/// first, SHA-512, as maven-gpg-plugin's signer `bc` does.
pub fn sign(secret_key: &[u8], data: &[u8], seconds: i64) -> Option<Vec<u8>> {
    let folder = scratch();
    let arguments = [
        put(folder.path(), "key", secret_key),
        put(folder.path(), "data", data),
        seconds.to_string().into(),
    ];
    Some(
        program(folder.path(), &arguments, "sign")?
            .expect_ok()
            .stdout,
    )
}
