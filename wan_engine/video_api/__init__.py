"""The engine `video_api`: shots are rendered by a resident server that speaks the OpenAI-shaped video API.

SGLang Diffusion and vLLM-Omni do, each with an accent of its own (`wan_engine.video_api.protocol`). To rehearse
without a GPU, start `python -m tests.simulators.video_server`.
"""
