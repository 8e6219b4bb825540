"""What ORAS's client for Python does to a registry: one deed, which the first word names, and what was seen of it as JSON.

The environment says who asks: HOST, and ACCESS with SECRET: "nobody", "basic" with a password, "exchange" with a
password for which the registry's token service gives a token, or "bearer" with a token.
"""

import hashlib
import json
import os
import sys

import oras.client
import oras.oci

HOST = os.environ["HOST"]
ACCESS = os.environ["ACCESS"]
SECRET = os.environ.get("SECRET", "")


def client():
    backend = "basic" if ACCESS == "basic" else "token"
    made = oras.client.OrasClient(hostname=HOST, insecure=True, auth_backend=backend)
    if ACCESS in ("basic", "exchange"):
        made.auth.set_basic_auth("someone", SECRET)
    if ACCESS == "bearer":
        made.auth.set_token_auth(SECRET)
    return made


def seen(response):
    return {
        "status": response.status_code,
        "headers": {name.lower(): value for name, value in response.headers.items()},
        "body": response.text,
    }


def push(client, target, *files):
    """Pushes files as layers, each as PATH:TYPE."""
    response = client.push(
        target=f"{HOST}/{target}",
        files=list(files),
        disable_path_validation=True,
        manifest_annotations={"org.example.by": "second client"},
    )
    return seen(response)


def pull(client, target, folder):
    """Pulls all layers into a folder; their names."""
    paths = client.pull(target=f"{HOST}/{target}", outdir=folder)
    return sorted(os.path.basename(path) for path in paths)


def manifest(client, target):
    return client.get_manifest(f"{HOST}/{target}")


def chunked(client, repository, path, size):
    """Pushes content in chunks of a size; and looks whether it is there."""
    container = client.get_container(f"{HOST}/{repository}")
    layer = oras.oci.NewLayer(path, is_dir=False)
    before = client.blob_exists(layer, container)
    response = client.upload_blob(path, container, layer, do_chunked=True, chunk_size=int(size))
    return dict(seen(response), before=before, after=client.blob_exists(layer, container))


def blob(client, repository, digest):
    """The digest of content as it comes."""
    response = client.get_blob(f"{HOST}/{repository}", digest)
    found = hashlib.sha256(response.content).hexdigest()
    return {"status": response.status_code, "size": len(response.content), "sha256": found}


def tags(client, repository):
    """All tags, as the client lists them."""
    return client.get_tags(f"{HOST}/{repository}")


def pages(client, repository, *sizes):
    """All tags by pages of each size, as the client follows them: how many pages, and their tags."""
    answers = []
    for size in sizes:
        found = []

        def take(response):
            found.append(response.json()["tags"])
            return True

        container = client.get_container(f"{HOST}/{repository}")
        client._do_paginated_request(f"{client.prefix}://{container.tags_url(N=int(size))}", take)
        answers.append({"pages": [len(page) for page in found], "tags": sum(found, [])})
    return answers


def many(client, repository, digest, count):
    """Gives a manifest very many tags, fifty at once: the client has no call for that, and takes a hundred headers."""
    url = f"{client.prefix}://{HOST}/v2/{repository}/manifests/{digest}"
    kept = client.do_request(url, headers={"Accept": "*/*"})
    names = [f"t{number:05}" for number in range(int(count))]
    for start in range(0, len(names), 50):
        query = "&".join(f"tag={name}" for name in names[start : start + 50])
        headers = {"Content-Type": kept.headers["Content-Type"]}
        response = client.do_request(f"{url}?{query}", "PUT", data=kept.content, headers=headers)
        if response.status_code != 201:
            return seen(response)
    return seen(response)


def delete(client, target):
    """Deletes the manifest that a tag leads to."""
    repository, tag = target.rsplit(":", 1)
    return client.delete_tag(f"{HOST}/{repository}", tag)


def ask(client, method, path, media="", body=""):
    """Any request, with the client's connection and its way to log in: for what it has no call for."""
    headers = {"Content-Type": media} if media else {}
    url = f"{client.prefix}://{HOST}{path}"
    data = body.encode() or None
    return seen(client.do_request(url, method, data=data, headers=headers))


deed = sys.argv[1]
print(json.dumps(globals()[deed](client(), *sys.argv[2:])))
