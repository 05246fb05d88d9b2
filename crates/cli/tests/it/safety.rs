//! Nothing is lost, nothing leaks, nothing reaches the terminal raw.

use std::fs;
use std::path::Path;

use crate::run::{listing, pkgseal, private_key, repository};

fn test_key(name: &str) -> std::path::PathBuf {
    repository("testdata/keys").join(name)
}

/// A passphrase file with the mode it must have.
fn passphrase_file(directory: &Path, words: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = directory.join("passphrase");
    fs::write(&path, words).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

#[test]
fn a_readable_key_file_is_refused_with_the_command_that_mends_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let key = private_key(directory.path(), "good-ed25519.key.asc");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "x").unwrap();
    let run = pkgseal(["sign", "--key"])
        .arg(&key)
        .arg(&file)
        .run()
        .expect(2);
    run.complains("chmod 600");
}

#[test]
fn an_expired_key_signs_nothing_and_says_since_when() {
    let directory = tempfile::tempdir().unwrap();
    let key = private_key(directory.path(), "expired.key.asc");
    let file = directory.path().join("file");
    fs::write(&file, "x").unwrap();
    let run = pkgseal(["sign", "--time", "2025-09-01", "--key"])
        .arg(&key)
        .arg(&file)
        .run();
    let run = run.expect(2);
    run.complains("2025-06-01");
    assert!(!directory.path().join("file.asc").exists());
}

#[test]
fn a_wrong_passphrase_leaves_no_trace_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let key = private_key(directory.path(), "protected.key.asc");
    let passphrase = passphrase_file(directory.path(), "hunter2-is-wrong\n");
    let file = directory.path().join("file");
    fs::write(&file, "x").unwrap();
    let run = pkgseal(["sign", "--time", "2025-03-01", "--key"])
        .arg(&key)
        .arg("--passphrase-file")
        .arg(&passphrase)
        .arg(&file)
        .run()
        .expect(2);
    run.complains("wrong");
    run.complains_not("hunter2");
}

#[test]
fn a_protected_key_signs_with_its_passphrase() {
    let directory = tempfile::tempdir().unwrap();
    let key = private_key(directory.path(), "protected.key.asc");
    let passphrase = passphrase_file(directory.path(), "test passphrase\n");
    let file = directory.path().join("file");
    fs::write(&file, "x").unwrap();
    let signing = |call: crate::run::Call| {
        call.args(["--time", "2025-03-01", "--key"])
            .arg(&key)
            .arg(&file)
            .run()
    };
    signing(pkgseal(["sign", "--passphrase-file"]).arg(&passphrase)).expect(0);
    signing(
        pkgseal(["sign", "--passphrase-credential", "passphrase"])
            .env("CREDENTIALS_DIRECTORY", directory.path()),
    )
    .expect(0);
    let none = signing(pkgseal(["sign"])).expect(2);
    none.complains("passphrase");
}

/// A directory in the way of an output fails for root as well.
#[test]
fn a_failed_run_leaves_the_old_files_and_no_litter() {
    let directory = tempfile::tempdir().unwrap();
    let key = private_key(directory.path(), "good-ed25519.key.asc");
    let work = directory.path().join("work");
    fs::create_dir_all(work.join("InRelease")).unwrap();
    fs::write(work.join("Release.gpg"), "old").unwrap();
    fs::copy(
        repository("testdata/apt/dists/stable/Release"),
        work.join("Release"),
    )
    .unwrap();
    let run = pkgseal(["sign", "--time", "2025-06-15", "--key"])
        .arg(&key)
        .arg(work.join("Release"))
        .run()
        .expect(2);
    run.complains("InRelease");
    assert_eq!(listing(&work), ["InRelease", "Release", "Release.gpg"]);
}

#[test]
fn file_names_reach_the_terminal_escaped() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("\u{1b}[2Jevil\u{202e}.txt");
    fs::write(&file, "x").unwrap();
    let run = pkgseal(["verify", "--keyring"])
        .arg(test_key("good-ed25519.cert.asc"))
        .arg(&file)
        .run()
        .expect(1);
    for output in [&run.stdout, &run.stderr] {
        assert!(
            !output.contains('\u{1b}') && !output.contains('\u{202e}'),
            "{output:?}"
        );
    }
    run.prints("\\u{1b}[2Jevil");
}
