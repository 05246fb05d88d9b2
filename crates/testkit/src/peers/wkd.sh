# Serves a Web Key Directory over HTTPS to gpg alone: with hosts, certificate authorities and
# a loopback device of its own. Run by unshare --mount --net, in a folder that has the tree,
# `www`, and a home for gpg, `home`. The address is $1.
set -e
domain=${1##*@}
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=TEST -days 30 \
    -addext basicConstraints=critical,CA:TRUE 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=server 2>/dev/null
echo "subjectAltName=DNS:openpgpkey.$domain" > extensions
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem \
    -days 30 -extfile extensions 2>/dev/null
echo "127.0.0.1 localhost openpgpkey.$domain" > hosts
printf 'standard-resolver\ndisable-ipv6\n' > home/dirmngr.conf
echo "hosts: files" > nsswitch
ip link set lo up
mount --bind hosts /etc/hosts
mount --bind nsswitch /etc/nsswitch.conf
mount --bind ca.pem /etc/ssl/certs/ca-certificates.crt
python3 - <<'SERVER' 2> requests &
import http.server, ssl
class Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *a, **k):
        super().__init__(*a, directory="www", **k)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 443), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.pem", "server.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
open("ready", "w").close()
server.serve_forever()
SERVER
server=$!
trap 'gpgconf --homedir "$PWD/home" --kill all; kill $server' EXIT
for _ in $(seq 100); do
    [ -e ready ] && break
    sleep 0.1
done
gpg --homedir "$PWD/home" --batch --auto-key-locate clear,nodefault,wkd --locate-keys "$1" \
    || true
gpg --homedir "$PWD/home" --batch --with-colons --list-keys
cat requests
