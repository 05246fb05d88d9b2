//! Exit status: 0 accepted, 1 rejected, 2 could not decide; stdout has the result only.

use std::fs;

use pkgseal_testkit::keys;

use crate::run::{Run, pkgseal, repository};

fn certificate(name: &str) -> std::path::PathBuf {
    repository("testdata/keys").join(format!("{name}.cert.asc"))
}

fn undecided(run: Run) -> Run {
    let run = run.expect(2);
    run.complains("error:");
    run
}

#[test]
fn a_missing_file_is_undecided() {
    let run = pkgseal(["verify", "--keyring"])
        .arg(certificate("good-ed25519"))
        .arg("/nonexistent/file")
        .run();
    let run = undecided(run);
    run.complains("/nonexistent/file");
    assert_eq!(run.stdout, "");
}

#[test]
fn no_keyring_is_undecided_with_a_hint() {
    let run = undecided(pkgseal(["verify", "Cargo.toml"]).run());
    run.complains("--keyring");
}

#[test]
fn a_keyring_without_certificates_is_undecided() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty.asc");
    fs::write(&empty, "").unwrap();
    undecided(
        pkgseal(["verify", "--keyring"])
            .arg(&empty)
            .arg("Cargo.toml")
            .run(),
    );
}

#[test]
fn usage_errors_are_undecided() {
    for arguments in [
        &["verify"][..],
        &["frobnicate"],
        &["verify", "--time", "noon", "x"],
        &[],
    ] {
        let run = pkgseal(arguments).run().expect(2);
        assert_eq!(run.stdout, "");
        assert!(!run.stderr.is_empty());
    }
}

#[test]
fn a_directory_that_is_no_repository_is_undecided() {
    let directory = tempfile::tempdir().unwrap();
    let run = pkgseal(["verify", "--keyring"])
        .arg(certificate("good-ed25519"))
        .arg(directory.path())
        .run();
    let run = undecided(run);
    run.complains("no repository");
}

#[test]
fn a_rejection_outweighs_an_undecided_path() {
    let directory = tempfile::tempdir().unwrap();
    let unsigned = directory.path().join("unsigned.txt");
    fs::write(&unsigned, "nobody signed this\n").unwrap();
    pkgseal(["verify", "--keyring"])
        .arg(certificate("good-ed25519"))
        .arg(&unsigned)
        .arg("/nonexistent/file")
        .run()
        .expect(1);
}

#[test]
fn a_key_id_is_no_identity() {
    let run = pkgseal(["verify", "--signer", "0x0123456789ABCDEF", "--keyring"])
        .arg(certificate("good-ed25519"))
        .arg("Cargo.toml")
        .run();
    assert!(undecided(run).stderr.contains("full fingerprint"));
}

#[test]
fn json_is_one_document_with_schema_1() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file.txt");
    fs::write(&file, "content\n").unwrap();
    let signature = keys::raw_sign(
        &keys::load("good-ed25519"),
        b"content\n",
        &keys::RawOptions::at("2025-03-01T00:00:00Z"),
    );
    fs::write(directory.path().join("file.txt.asc"), signature).unwrap();
    for (content, status, outcome) in [("content\n", 0, "accepted"), ("changed\n", 1, "rejected")] {
        fs::write(&file, content).unwrap();
        let run = pkgseal(["verify", "--json", "--time", "2025-03-02", "--keyring"])
            .arg(certificate("good-ed25519"))
            .arg(&file)
            .run()
            .expect(status);
        let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(document["schema"], 1);
        assert_eq!(document["outcome"], outcome);
        let object = &document["objects"][0];
        assert_eq!(object["outcome"], outcome);
        assert_eq!(object["kind"], "file");
        assert_eq!(
            object["signatures"][0]["signatures"][0]["public_key_algorithm"],
            "Ed25519"
        );
        assert_eq!(
            object["findings"]
                .as_array()
                .unwrap()
                .iter()
                .any(|f| f["code"] == "signature.bad"),
            status == 1
        );
    }
}
