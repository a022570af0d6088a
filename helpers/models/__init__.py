"""The published architectures: uint8 images in, class probabilities out, uncompiled.

Pixels are scaled inside the model, and the softmax is computed in float32 whatever the precision policy.
"""

from helpers.models.report_a import report_a_cnn, report_a_dense
from helpers.models.report_b import report_b_arc2, report_b_arc3, report_b_convnet
from helpers.models.report_c import report_c_cnn, report_c_mlp
from helpers.models.report_d import report_d_model_1, report_d_model_2, report_d_model_3
from helpers.models.report_e import report_e_convnet
from helpers.models.tables import count_parameters, describe_layers

__all__ = [
    "count_parameters",
    "describe_layers",
    "report_a_cnn",
    "report_a_dense",
    "report_b_arc2",
    "report_b_arc3",
    "report_b_convnet",
    "report_c_cnn",
    "report_c_mlp",
    "report_d_model_1",
    "report_d_model_2",
    "report_d_model_3",
    "report_e_convnet",
]
