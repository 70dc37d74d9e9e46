#!/bin/sh
# Links the user's caches to the volume, at every start, since a container may get a new volume.
set -eu

# A new named volume belongs to root. It has a folder for each user id: all users of a Docker engine
# share the volume, and can't write to each other's files.
mine="/var/cache/dagteam/$(id -u)"
[ -w "$mine" ] || sudo install -d -o "$(id -u)" -g "$(id -g)" "$mine"
for cache in uv pip; do
  mkdir -p "$mine/$cache" "$HOME/.cache"
  [ -L "$HOME/.cache/$cache" ] || rm -rf "$HOME/.cache/$cache"
  ln -sfn "$mine/$cache" "$HOME/.cache/$cache"
done
