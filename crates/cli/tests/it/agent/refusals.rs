//! What keeps an agent from signing, and what is said about it.

use std::fs;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pkgseal_testkit::keys;

use super::Shop;
use crate::pinentry::Fake;
use crate::run::{Call, listing, pkgseal};

/// It fails with these words and this hint, and writes nothing.
#[track_caller]
fn refused(call: Call, file: &Path, words: &str, hint: &str) {
    let folder = file.parent().unwrap();
    let before = listing(folder);
    let run = call.arg(file).run().expect(2);
    run.complains(words);
    let step = run.stderr.lines().find(|line| line.contains("hint: "));
    assert!(
        step.is_some_and(|line| line.contains(hint)),
        "{hint}: {}",
        run.stderr
    );
    assert_eq!(listing(folder), before, "nothing is written");
}

#[test]
fn a_locked_key() {
    let key = keys::load("protected");
    let Some(shop) = Shop::new(&[&key]) else {
        return;
    };
    let file = shop.put("work/notes.txt", "notes\n");
    let sign = || shop.call("sign", &key);

    shop.configure("pinentry-program /bin/false\n");
    refused(sign(), &file, "could ask nobody", "--passphrase-file");

    let wrong = shop.secret("wrong", "not that one\n");
    let given =
        |shop: &Shop, path: &Path| shop.call("sign", &key).arg("--passphrase-file").arg(path);
    refused(
        given(&shop, &wrong),
        &file,
        "passphrase is wrong",
        "passphrase",
    );
    let empty = shop.secret("empty", "\n");
    let run = given(&shop, &empty).arg(&file).run().expect(2);
    run.complains("it is empty");
    let open = shop.put("open", "test passphrase\n");
    let run = given(&shop, &open).arg(&file).run().expect(2);
    run.complains("chmod 600");

    let right = shop.secret("right", "test passphrase\n");
    shop.configure("no-allow-loopback-pinentry\npinentry-program /bin/false\n");
    refused(
        given(&shop, &right),
        &file,
        "takes no passphrase from us",
        "allow-loopback-pinentry",
    );

    let cancelled = Fake::cancelling(&shop.folder);
    shop.configure(&format!(
        "pinentry-program {}\n",
        cancelled.path().display()
    ));
    refused(sign(), &file, "cancelled", "again");
    let mistyped = Fake::new(&shop.folder, "not that one");
    shop.configure(&format!("pinentry-program {}\n", mistyped.path().display()));
    refused(sign(), &file, "passphrase is wrong", "again");
}

#[test]
fn a_key_that_is_not_there() {
    let (key, other) = (keys::load("good"), keys::load("stranger"));
    let Some(shop) = Shop::new(&[&other]) else {
        return;
    };
    let file = shop.put("work/notes.txt", "notes\n");
    refused(
        shop.call("sign", &key),
        &file,
        "neither given nor known to gpg",
        "--certificate FILE",
    );
    let certificate = |key: &keys::TestKey| {
        shop.call("sign", key)
            .arg("--certificate")
            .arg(keys::load("good").certificate_path())
    };
    refused(
        certificate(&key),
        &file,
        "no secret part of",
        "--list-secret-keys",
    );
    // A certificate that is not the key's.
    refused(
        certificate(&other),
        &file,
        "is not known",
        "--certificate FILE",
    );
    // gpg knows the certificate, the agent has not got the key.
    shop.home.import(key.certificate());
    refused(
        shop.call("sign", &key),
        &file,
        "no secret part of",
        "--list-secret-keys",
    );

    for (key, words) in [
        ("gpg-agent:", "no full fingerprint"),
        ("gpg-agent:249B39D24F25E3B6", "no full fingerprint"),
        ("gpg:me@example.org", "gpg-agent:FINGERPRINT"),
    ] {
        let run = pkgseal(["sign", "--key", key]).arg(&file).run().expect(2);
        run.complains(words);
    }
}

#[test]
fn keys_that_may_not_sign() {
    for (name, words) in [
        ("expired", "expired"),
        ("revoked-hard", "is revoked"),
        ("not-signing", "may not sign"),
        ("young", "was made later"),
        ("good-v6-ed25519", "no secret part of"),
    ] {
        let key = keys::load(name);
        let Some(shop) = Shop::new(&[]) else {
            return;
        };
        let file = shop.put("work/notes.txt", "notes\n");
        let time = if name == "young" {
            "2025-03-01"
        } else {
            "2025-09-01"
        };
        let run = pkgseal(["sign", "--time", time, "--certificate"])
            .env("GNUPGHOME", shop.home.path())
            .arg(key.certificate_path())
            .arg("--key")
            .arg(format!("gpg-agent:{}", key.fingerprint()))
            .arg(&file)
            .run()
            .expect(2);
        run.complains(words);
        assert_eq!(listing(&shop.path("work")), ["notes.txt"]);
    }
}

/// The public numbers of a key that the agent has.
fn read_key(shop: &Shop, grip: &str) -> Vec<u8> {
    use std::io::{BufRead as _, BufReader, Write as _};
    shop.gpgconf(&["--launch", "gpg-agent"]);
    let mut agent = UnixStream::connect(shop.socket()).unwrap();
    writeln!(agent, "READKEY {grip}").unwrap();
    let mut octets = Vec::new();
    for line in BufReader::new(agent).split(b'\n').skip(1) {
        let line = line.unwrap();
        let Some(data) = line.strip_prefix(b"D ") else {
            break;
        };
        let mut rest = data;
        while let Some((first, after)) = rest.split_first() {
            let escape = (*first == b'%').then(|| std::str::from_utf8(&after[..2]).unwrap());
            octets.push(escape.map_or(*first, |digits| u8::from_str_radix(digits, 16).unwrap()));
            rest = if escape.is_some() { &after[2..] } else { after };
        }
    }
    octets
}

/// gpg-agent keeps a note of every card it has seen; this one is in no reader.
#[test]
fn a_card_that_is_not_there() {
    let key = keys::load("good");
    let Some(shop) = Shop::new(&[&key]) else {
        return;
    };
    shop.configure("pinentry-program /bin/false\n");
    let mut stubs = 0;
    for entry in fs::read_dir(shop.home.path().join("private-keys-v1.d")).unwrap() {
        let path = entry.unwrap().path();
        let public = read_key(&shop, path.file_stem().unwrap().to_str().unwrap());
        let numbers = public.strip_prefix(b"(10:public-key").unwrap();
        let numbers = numbers.strip_suffix(b"))").unwrap();
        let serial = b"\xD2\x76\x00\x01\x24\x01\x03\x04\xFF\xFE\x00\x00\x12\x34\x00\x00";
        let parts: [&[u8]; 5] = [
            b"(20:shadowed-private-key",
            numbers,
            b"(8:shadowed5:t1-v1(16:",
            serial,
            b"9:OPENPGP.1))))",
        ];
        fs::write(&path, parts.concat()).unwrap();
        stubs += 1;
    }
    assert!(stubs > 0);
    let file = shop.put("work/notes.txt", "notes\n");
    refused(
        shop.call("sign", &key),
        &file,
        "its card not there",
        "gpg --card-status",
    );
    let pin = shop.secret("pin", "123456\n");
    refused(
        shop.call("sign", &key).arg("--passphrase-file").arg(&pin),
        &file,
        "the card with this key is not there",
        "gpg --card-status",
    );
}

#[test]
fn something_else_listens() {
    let key = keys::load("good");
    let Some(shop) = Shop::new(&[&key]) else {
        return;
    };
    let file = shop.put("work/notes.txt", "notes\n");
    shop.kill();
    let socket = shop.socket();
    fs::create_dir_all(socket.parent().unwrap()).unwrap();
    for (greeting, words) in [
        (&b"SSH-2.0-OpenSSH\n"[..], "no known word"),
        (b"", "the connection ended"),
        (b"ERR 67109115 Forbidden <GPG Agent>\n", "Forbidden"),
        (&[b'x'; 5000], "too long"),
    ] {
        let _ = fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let told = over.clone();
        let talk = std::thread::spawn(move || {
            use std::io::Write as _;
            // As often as it is asked: one that hangs up may only be ending.
            while !told.load(Ordering::SeqCst) {
                let (mut client, _) = listener.accept().unwrap();
                let _ = client.write_all(greeting);
            }
        });
        refused(shop.call("sign", &key), &file, words, "gpg-connect-agent");
        over.store(true, Ordering::SeqCst);
        let _ = UnixStream::connect(&socket);
        talk.join().unwrap();
    }
    fs::remove_file(&socket).unwrap();
    fs::write(&socket, "what is this\n").unwrap();
    refused(
        shop.call("sign", &key),
        &file,
        "neither a socket nor a redirection",
        "gpgconf --launch",
    );
    fs::remove_file(&socket).unwrap();

    refused(
        shop.call("sign", &key)
            .env("PATH", shop.folder.path())
            .arg("--certificate")
            .arg(key.certificate_path()),
        &file,
        "gpgconf",
        "install GnuPG",
    );
}
