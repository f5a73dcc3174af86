"""Triton's entry point: writes the model repository from the settings and becomes the server."""

import os

from contento.inference.triton.repository import render_repository
from contento.local.triton import TritonPorts, server_arguments
from contento.local.triton_settings import TritonSettings
from contento.model.store import default_store

if __name__ == "__main__":
    settings = TritonSettings()
    models = render_repository(
        settings.triton_repository,
        bundles=settings.bundles or default_store(),
        device=settings.triton_device,
        arithmetic=settings.encoder_arithmetic,
        cache=settings.cache,
    )
    ports = TritonPorts(
        http=settings.triton_http_port, grpc=settings.triton_grpc_port, metrics=settings.triton_metrics_port
    )
    arguments = server_arguments(
        settings.triton_repository, models, identity="contento", address=settings.triton_address, ports=ports
    )
    os.execvp("tritonserver", ["tritonserver", *arguments])  # noqa: S606, S607 - the image's server, on its PATH
