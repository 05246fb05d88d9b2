//! Uploads through the command.

use std::fs;
use std::path::Path;

use pkgseal_testkit::build::upload::Upload;
use serde_json::Value;

use crate::run::{Run, pkgseal, private_key, repository};

const CHANGES: &str = "hello_1.0-1_amd64.changes";

fn unsigned() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in Upload::new().unsigned() {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn certificate() -> std::path::PathBuf {
    repository("testdata/keys/good-ed25519.cert.asc")
}

fn verify(path: &Path, time: &str) -> crate::run::Call {
    pkgseal(["verify", "--time", time, "--keyring"])
        .arg(certificate())
        .arg(path)
}

fn sign(folder: &Path, more: &[&str]) -> Run {
    let keys = tempfile::tempdir().unwrap();
    pkgseal(["sign", "--time", "2025-03-01", "--key"])
        .arg(private_key(keys.path(), "good-ed25519.key.asc"))
        .args(more)
        .arg(folder.join(CHANGES))
        .run()
}

#[test]
fn an_upload_is_recognised_signed_and_verified() {
    let folder = unsigned();
    let path = folder.path().join(CHANGES);
    let run = verify(&path, "2025-09-01").run().expect(1);
    run.prints("[upload.unsigned]");

    let run = sign(folder.path(), &[]).expect(0);
    for document in ["hello_1.0-1.dsc", "hello_1.0-1_amd64.buildinfo", CHANGES] {
        run.prints(document);
        verify(&folder.path().join(document), "2025-09-01")
            .run()
            .expect(0);
    }
    let run = verify(&path, "2025-09-01").run().expect(0);
    assert!(run.stdout.contains("(changes, 5 files"), "{}", run.stdout);

    let run = sign(folder.path(), &[]).expect(2);
    run.complains("already signed");
    run.complains("--existing replace");
    sign(folder.path(), &["--existing", "replace"]).expect(0);
}

#[test]
fn an_upload_may_be_so_old_and_no_older() {
    let folder = unsigned();
    let path = folder.path().join(CHANGES);
    sign(folder.path(), &[]).expect(0);
    let run = verify(&path, "2026-03-02").run().expect(1);
    run.prints("[upload.too-old]");
    run.prints("upload.max-age-days = 365");
    verify(&path, "2026-03-02")
        .args(["--max-age", "366d"])
        .run()
        .expect(0);
    verify(&path, "2025-03-02")
        .args(["--max-age", "23h"])
        .run()
        .expect(1);
    verify(&path, "2025-03-02")
        .args(["--max-age", "a day"])
        .run()
        .expect(2);
}

/// What a replayed upload is recognised by.
#[test]
fn json_tells_signatures_apart() {
    let folder = unsigned();
    sign(folder.path(), &[]).expect(0);
    let path = folder.path().join(CHANGES);
    let run = verify(&path, "2025-09-01").arg("--json").run().expect(0);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let object = &document["objects"][0];
    assert_eq!(object["kind"], "changes");
    let digests: Vec<&str> = object["signatures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|object| object["signatures"][0]["digest"].as_str().unwrap())
        .collect();
    assert_eq!(digests.len(), 3);
    assert!(digests.iter().all(|digest| digest.len() == 64));
    assert_ne!(digests[0], digests[1]);
}

#[test]
fn a_refusal_names_the_file() {
    let folder = unsigned();
    fs::remove_file(folder.path().join("hello_1.0-1_all.deb")).unwrap();
    let run = sign(folder.path(), &[]).expect(2);
    run.complains("hello_1.0-1_all.deb: the file does not exist");
}
