//! Repositories changed on purpose, and metadata listed anew as a careless publisher would.

use std::io::Read as _;
use std::path::Path;

use pkgseal_repo::{Compression, Decompressor};
use pkgseal_testkit::build::Digest;
use pkgseal_testkit::keys;

const REPOMD: &str = "repodata/repomd.xml";

/// Files below a folder, relative to it, sorted.
pub(super) fn files(folder: &Path) -> Vec<String> {
    let root = pkgseal_repo::Root::open(folder).unwrap();
    let walked = root.walk(None).unwrap().into_iter();
    walked.map(|(path, _)| path.unwrap().to_string()).collect()
}

pub(super) fn read(root: &Path, path: &str) -> Vec<u8> {
    std::fs::read(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Replaces a file by another one: the copy's links to the original stay as they are.
pub(super) fn replace(root: &Path, path: &str, content: &[u8]) {
    let path = root.join(path);
    let _ = std::fs::remove_file(&path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

pub(super) fn flip(root: &Path, path: &str) {
    let mut bytes = read(root, path);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    replace(root, path, &bytes);
}

/// Near the end of a package, where its own signature covers every byte.
pub(super) fn flip_payload(root: &Path, path: &str) {
    let mut bytes = read(root, path);
    let at = bytes.len() - 9;
    bytes[at] ^= 1;
    replace(root, path, &bytes);
}

pub(super) fn cut(root: &Path, path: &str) {
    let bytes = read(root, path);
    replace(root, path, &bytes[..bytes.len() * 2 / 3]);
}

pub(super) fn remove(root: &Path, path: &str) {
    std::fs::remove_file(root.join(path)).unwrap();
}

/// A copy whose files are links to the original's.
pub(super) fn link_tree(from: &Path, to: &Path) {
    for path in files(from) {
        let target = to.join(&path);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        if std::fs::hard_link(from.join(&path), &target).is_err() {
            std::fs::copy(from.join(&path), &target).unwrap();
        }
    }
}

/// The text of `repomd.xml`.
pub(super) fn repomd(root: &Path) -> String {
    String::from_utf8(read(root, REPOMD)).unwrap()
}

/// Signs `repomd.xml` as it is.
pub(super) fn sign_root(root: &Path, key: &str) {
    sign_root_at(root, key, keys::SIGNED);
}

pub(super) fn sign_root_at(root: &Path, key: &str, time: &str) {
    let options = keys::RawOptions::at(time).binary();
    let packet = keys::raw_sign(&keys::load(key), &read(root, REPOMD), &options);
    replace(root, &format!("{REPOMD}.asc"), &keys::armor(&packet));
}

/// Changes `repomd.xml` and signs it anew.
pub(super) fn relist(root: &Path, change: impl FnOnce(String) -> String) {
    let text = repomd(root);
    let changed = change(text.clone());
    assert_ne!(changed, text, "nothing was changed");
    replace(root, REPOMD, changed.as_bytes());
    sign_root(root, super::SIGNER);
}

/// Gives every metadata file the same timestamp; unsigned.
pub(super) fn date(root: &Path, seconds: &str) {
    let text = repomd(root);
    let pieces = text
        .split("<timestamp>")
        .enumerate()
        .map(|(number, piece)| match piece.split_once("</timestamp>") {
            Some((_, rest)) if number > 0 => format!("<timestamp>{seconds}</timestamp>{rest}"),
            _ => piece.to_owned(),
        });
    replace(root, REPOMD, pieces.collect::<String>().as_bytes());
}

/// The types of data that are listed.
pub(super) fn kinds(text: &str) -> Vec<String> {
    text.split("<data type=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

/// The element of one type.
pub(super) fn element<'t>(text: &'t str, kind: &str) -> &'t str {
    let start = text.find(&format!("<data type=\"{kind}\">")).unwrap();
    let length = text[start..].find("</data>").unwrap() + "</data>".len();
    &text[start..start + length]
}

fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let start = text
        .find(from)
        .unwrap_or_else(|| panic!("{from} in {text}"))
        + from.len();
    &text[start..start + text[start..].find(to).unwrap()]
}

/// Where the file of one type is.
pub(super) fn location(text: &str, kind: &str) -> String {
    between(element(text, kind), "href=\"", "\"").to_owned()
}

/// The text of one list, decompressed.
pub(super) fn open(root: &Path, kind: &str) -> String {
    let path = location(&repomd(root), kind);
    let mut text = String::new();
    let stored = read(root, &path);
    Decompressor::new(stored.as_slice(), Compression::from_name(&path), 1 << 30)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    text
}

/// Changes one list, compresses it, gives it its new name, and lists it anew: every
/// digest and size is right, and the root is signed. Gives its path.
pub(super) fn rewrite(root: &Path, kind: &str, change: impl FnOnce(String) -> String) -> String {
    let text = open(root, kind);
    let changed = change(text.clone());
    assert_ne!(changed, text, "nothing was changed");
    put(root, kind, changed.as_bytes())
}

/// Puts another content in place of a list, with everything about it right.
pub(super) fn put(root: &Path, kind: &str, opened: &[u8]) -> String {
    let path = location(&repomd(root), kind);
    let stored = Compression::from_name(&path).compress(opened).unwrap();
    let (_, name) = path.rsplit_once('-').unwrap();
    let hex = Digest::Sha256.hex(&stored);
    let new = format!("repodata/{hex}-{name}");
    remove(root, &path);
    replace(root, &new, &stored);
    relist(root, |text| {
        let old = element(&text, kind);
        let mut element = old.to_owned();
        for (from, to, value) in [
            ("<checksum type=\"sha256\">", "<", hex),
            (
                "<open-checksum type=\"sha256\">",
                "<",
                Digest::Sha256.hex(opened),
            ),
            ("href=\"", "\"", new.clone()),
            ("<size>", "<", stored.len().to_string()),
            ("<open-size>", "<", opened.len().to_string()),
        ] {
            let known = format!("{from}{}{to}", between(&element, from, to));
            element = element.replacen(&known, &format!("{from}{value}{to}"), 1);
        }
        text.replacen(old, &element, 1)
    });
    new
}

/// Changes what is said of one file, and signs that.
pub(super) fn lie(root: &Path, kind: &str, from: &str, to: &str) {
    relist(root, |text| {
        let old = element(&text, kind);
        assert!(old.contains(from), "{from} in {old}");
        text.replacen(old, &old.replacen(from, to, 1), 1)
    });
}

/// A number in the element of one type.
pub(super) fn number(root: &Path, kind: &str, name: &str) -> String {
    let text = repomd(root);
    let value = between(
        element(&text, kind),
        &format!("<{name}>"),
        &format!("</{name}>"),
    );
    format!("<{name}>{value}<")
}

fn revision(text: &str) -> String {
    let rest = text.split("<revision>").nth(1).unwrap();
    rest.split('<').next().unwrap().to_owned()
}

/// Raises the revision; unsigned.
pub(super) fn raise_revision(root: &Path) {
    let text = repomd(root);
    let old = revision(&text);
    let new = (old.parse::<u64>().unwrap() + 1).to_string();
    let text = text.replace(&format!("<revision>{old}"), &format!("<revision>{new}"));
    replace(root, REPOMD, text.as_bytes());
}
