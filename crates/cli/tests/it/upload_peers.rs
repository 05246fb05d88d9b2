//! Uploads signed by the command, before the queues that take them in: reprepro's and
//! aptly's.

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::build::upload::Upload;
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::aptly::Aptly;
use pkgseal_testkit::peers::reprepro::Reprepro;

use crate::run::{find, pkgseal, private_key};

const KEY: &str = "good-rsa4096";

/// Writes an upload; with a key, the command signs it.
fn upload(folder: &Path, key: Option<&str>) {
    fs::create_dir_all(folder).unwrap();
    for (name, content) in Upload::new().unsigned() {
        fs::write(folder.join(name), content).unwrap();
    }
    let Some(key) = key else { return };
    let beside = tempfile::tempdir().unwrap();
    pkgseal(["sign", "--time", keys::SIGNED, "--key"])
        .arg(private_key(beside.path(), &format!("{key}.key.asc")))
        .arg(find(folder, ".changes"))
        .run()
        .expect(0);
}

fn debs(folder: &Path) -> Vec<PathBuf> {
    let mut files = pkgseal_testkit::peers::files(folder);
    files.retain(|path| path.extension().is_some_and(|end| end == "deb"));
    files
}

#[test]
fn reprepro_takes_in_what_an_uploader_signed() {
    let (key, stranger) = (keys::load(KEY), keys::load("stranger"));
    let distributions = "Codename: unstable\nSuite: unstable\nArchitectures: amd64 source\n\
                         Components: main\nUploaders: uploaders\n";
    for (signer, taken) in [(Some(KEY), true), (None, false), (Some("stranger"), false)] {
        let Some(reprepro) = Reprepro::new(distributions, &[&key, &stranger]) else {
            return;
        };
        let queue = reprepro.path().join("queue");
        fs::create_dir_all(reprepro.path().join("tmp")).unwrap();
        upload(&queue, signer);
        let id = key.signing_fingerprint();
        reprepro.configure(
            "uploaders",
            &format!("allow * by key {}\n", &id[id.len() - 16..]),
        );
        reprepro.configure(
            "incoming",
            "Name: queue\nIncomingDir: queue\nTempDir: tmp\nAllow: unstable\n",
        );
        let run = reprepro.run(&["processincoming", "queue"]);
        let pool = reprepro.path().join("pool");
        if taken {
            run.expect_ok();
            assert_eq!(debs(&pool).len(), 1);
            assert!(debs(&queue).is_empty());
        } else {
            assert!(!pool.exists() || debs(&pool).is_empty(), "{run}");
        }
    }
}

#[test]
fn aptly_includes_what_an_uploader_signed() {
    for (signer, taken) in [(Some(KEY), true), (None, false), (Some("stranger"), false)] {
        let Some(aptly) = Aptly::new(&[]) else {
            return;
        };
        let keyring = aptly.put("uploaders.gpg", &keys::keyring(&[KEY]));
        let keyring = format!("-keyring={}", keyring.display());
        let queue = aptly.path().join("queue");
        upload(&queue, signer);
        aptly
            .run(&["repo", "create", "-component=main", "unstable"])
            .expect_ok();
        let queue = queue.display().to_string();
        let run = aptly.run(&["repo", "include", &keyring, "-repo=unstable", &queue]);
        let shown = aptly.run(&["repo", "show", "-with-packages", "unstable"]);
        assert_eq!(shown.expect_ok().says("hello_1:1.0-1_all"), taken, "{run}");
        assert_eq!(run.accepted(), taken, "{run}");
    }
}
